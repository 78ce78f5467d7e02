"""The one place that knows scikit-learn, which only those who learn need to have."""

from collections.abc import Sequence
from importlib import import_module

from desk_contracts.errors import Invalid

from desk_triage.learning.dataset import Coefficients, TrainingSet

# How far weights may move; figures on a real log hardly change between 2 and 30.
_FREEDOM = 5.0
_MOST_ROUNDS = 1_000
_PRECISE = 1e-3
# The bias of a name without a ticket.
_NEVER = -20.0
_CERTAIN = 1_000.0


class ScikitLearn:
    """A logistic regression over all names at once, and temperature scaling of its logits."""

    def __init__(self) -> None:
        """Say what is missing before all the reading, not after it."""
        try:
            import_module("sklearn.linear_model")
        except ImportError as error:
            raise Invalid(
                f"Learning needs scikit-learn, which cannot be loaded here ({error}); the running"
                " service does without. Install it with `pip install 'desk-triage[learn]'`, or use"
                " the environment that `make setup` makes.",
                code="library-missing",
            ) from error

    def fit(self, training_set: TrainingSet) -> Coefficients:
        """Each ticket's row has the length one."""
        import numpy as np  # noqa: PLC0415  (half a second and 100 MB that other commands do not need)
        from scipy.sparse import csr_matrix  # noqa: PLC0415
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
        from threadpoolctl import threadpool_limits  # noqa: PLC0415

        lengths = [len(row) for row in training_set.rows]
        values = np.repeat([1 / max(length, 1) ** 0.5 for length in lengths], lengths)
        columns = [index for row in training_set.rows for index in row]
        shape = (len(training_set.rows), training_set.words)
        matrix = csr_matrix((values, columns, np.cumsum([0, *lengths])), shape=shape)
        model = LogisticRegression(C=_FREEDOM, max_iter=_MOST_ROUNDS, tol=_PRECISE)
        # One thread: quicker for so little, and the same sums on every machine.
        with threadpool_limits(1):
            model.fit(matrix, training_set.answers)
        # Of two names the second has the numbers and the first is the zero.
        count = len(model.classes_)
        rows = np.vstack([np.zeros_like(model.coef_), model.coef_])[-count:]
        starts = np.append(np.zeros_like(model.intercept_), model.intercept_)[-count:]
        bias = np.full(training_set.names, _NEVER)
        weights = np.zeros((training_set.names, training_set.words))
        bias[model.classes_], weights[model.classes_] = starts, rows
        return Coefficients(bias.tolist(), weights.T.tolist())

    def calibrate(self, logits: Sequence[Sequence[float]], answers: Sequence[int]) -> float:
        """The library's temperature scaling, of the sums that will decide."""
        import numpy as np  # noqa: PLC0415
        from sklearn.base import BaseEstimator, ClassifierMixin  # noqa: PLC0415
        from sklearn.calibration import CalibratedClassifierCV  # noqa: PLC0415
        from sklearn.frozen import FrozenEstimator  # noqa: PLC0415
        from threadpoolctl import threadpool_limits  # noqa: PLC0415

        names = len(logits[0])
        # The library wants each name answered once: a row that is certain of it adds no loss at
        # any temperature, so it changes nothing.
        absent = sorted(set(range(names)) - set(answers))
        certain = _CERTAIN * (np.eye(names)[absent] - 1)
        matrix = np.vstack([np.asarray(logits), certain])
        truth = np.append(np.asarray(answers), np.asarray(absent, dtype=int))

        class GivenLogits(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # no stubs
            """The model that adds up: its decision function gives the logits it is handed."""

            def fit(self, given: "np.ndarray", _answers: object = None) -> "GivenLogits":
                """It is trained already, and says what it has names for."""
                self.classes_ = np.arange(given.shape[1])
                return self

            def predict(self, given: "np.ndarray") -> "np.ndarray":
                """What the library asks of every classifier."""
                return np.asarray(given.argmax(axis=1))

            def decision_function(self, given: "np.ndarray") -> "np.ndarray":
                """Of two names one number, from which the library makes both again."""
                return (given[:, 1] - given[:, 0]) / 2 if names == 2 else given

        frozen = FrozenEstimator(GivenLogits().fit(matrix))
        # It was not fitted on any of these, so they need no folds.
        every = np.arange(len(truth))
        calibrated = CalibratedClassifierCV(frozen, method="temperature", cv=[(every, every)])
        with threadpool_limits(1):
            calibrated.fit(matrix, truth)
        return 1 / float(calibrated.calibrated_classifiers_[0].calibrators[0].beta_)
