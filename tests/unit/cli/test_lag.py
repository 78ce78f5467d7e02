"""How far groups are is told, or why it is not known."""

import pytest
import typer
from desk_cli import status


@pytest.mark.parametrize(
    ("groups", "says"),
    [
        ([], "Did the services ever run?"),
        (["intake", "triage"], "2 groups of the desk are here, and none has noted"),
    ],
)
def test_a_place_that_no_group_has_noted_is_not_known(
    groups: list[str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def read() -> tuple[list[str], list[status.Lag]]:
        return groups, []

    monkeypatch.setattr(status, "_read_lags", read)
    with pytest.raises(typer.Exit) as ended:
        status.lag()
    assert ended.value.exit_code == 1
    assert says in " ".join(capsys.readouterr().out.split())
