"""The one base of what is read, kept and answered: it never changes, and knows all its fields."""

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from itertools import pairwise

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, JsonValue
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Described(BaseModel):
    """Docstrings under fields are their descriptions.

    They are read when a schema is made and not when a model is: with pydantic's own
    `use_attribute_docstrings` each service read its own source for a tenth of its start or more.
    """

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, field in cls.model_fields.items():
            shown = properties.get(field.alias or name)
            if shown is not None and (text := read_docstring(cls, name)):
                shown.setdefault("description", text)
        return schema


class Frozen(Described):
    """A frozen model without unknown fields.

    Its validator is built at its first use. A service knows more models than it uses, and most of
    them are parts of others, which would be built once alone and once more in each of these.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


def example(**fields: JsonValue) -> ConfigDict:
    """For `model_config`: what somebody may send, as the pages of an API show it."""
    return ConfigDict(json_schema_extra={"examples": [dict(fields)]})


def read_docstring(model: type[BaseModel], field: str) -> str:
    """What stands under a field, in the model or where it inherits the field from; else nothing."""
    written = (_read_docstrings(kind.__module__).get(kind.__qualname__) for kind in model.__mro__)
    return next((fields[field] for fields in written if fields and field in fields), "")


@cache
def _read_docstrings(module: str) -> Mapping[str, Mapping[str, str]]:
    """Of each class at the top of a module those of its fields."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError):  # built in, or without its source
        return {}
    return {
        kind.name: _list_docstrings(kind) for kind in tree.body if isinstance(kind, ast.ClassDef)
    }


def _list_docstrings(kind: ast.ClassDef) -> Mapping[str, str]:
    docstrings = dict[str, str]()
    for statement, after in pairwise(kind.body):
        match statement, after:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                docstrings[name] = inspect.cleandoc(text)
            case _:
                pass
    return docstrings
