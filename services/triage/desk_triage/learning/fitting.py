"""The one place that knows scikit-learn, which only those who learn need to have."""

from importlib import import_module

from desk_shared.errors import Invalid

from desk_triage.domain.teaching import Pupil, Weights

# How far weights may move; figures on a real log hardly change between 2 and 30.
_FREEDOM = 5.0
_MOST_ROUNDS = 1_000
_PRECISE = 1e-3
# The bias of a name without a ticket.
_NEVER = -20.0


def need_library() -> None:
    """Say what is missing before all the reading, not after it."""
    try:
        import_module("sklearn.linear_model")
    except ImportError as error:
        raise Invalid(
            f"Learning needs scikit-learn, which cannot be loaded here ({error}); the running"
            " service does without. Install it with `pip install 'desk-triage[learn]'`, or use the"
            " environment that `make setup` makes.",
            code="library-missing",
        ) from error


def fit(pupil: Pupil) -> Weights:
    """A logistic regression over all names at once; each ticket's row has the length one."""
    import numpy as np  # noqa: PLC0415  (half a second and 100 MB that other commands do not need)
    from scipy.sparse import csr_matrix  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    lengths = [len(row) for row in pupil.rows]
    values = np.repeat([1 / max(length, 1) ** 0.5 for length in lengths], lengths)
    columns = [index for row in pupil.rows for index in row]
    shape = (len(pupil.rows), pupil.words)
    matrix = csr_matrix((values, columns, np.cumsum([0, *lengths])), shape=shape)
    model = LogisticRegression(C=_FREEDOM, max_iter=_MOST_ROUNDS, tol=_PRECISE)
    # One thread: quicker for so little, and the same sums on every machine.
    with threadpool_limits(1):
        model.fit(matrix, pupil.answers)
    # Of two names the second has the numbers and the first is the zero.
    rows = np.vstack([np.zeros_like(model.coef_), model.coef_])[-len(model.classes_) :]
    starts = np.append(np.zeros_like(model.intercept_), model.intercept_)[-len(model.classes_) :]
    bias, weights = np.full(pupil.names, _NEVER), np.zeros((pupil.names, pupil.words))
    bias[model.classes_], weights[model.classes_] = starts, rows
    return Weights(bias.tolist(), weights.T.tolist())
