"""The one place that knows scikit-learn, which only those who learn need to have."""

from importlib import import_module

import numpy as np
from desk_contracts.errors import Invalid

from desk_triage.learning.dataset import Coefficients, TrainingSet
from desk_triage.learning.table import Floats, Ints

_MOST_ROUNDS = 2_000
# The bias of a name without a ticket.
_NEVER = -20.0
_CERTAIN = 1_000.0


class ScikitLearn:
    """Support vectors, one line for each name, and temperature scaling of what they say."""

    def __init__(self) -> None:
        """Say what is missing before all the reading, not after it."""
        try:
            import_module("sklearn.svm")
        except ImportError as error:
            raise Invalid(
                f"Learning needs scikit-learn, which cannot be loaded here ({error}); the running"
                " service does without. Install it with `pip install 'desk-triage[learn]'`, or use"
                " the environment that `make setup` makes.",
                code="library-missing",
            ) from error

    def fit(self, training_set: TrainingSet, freedom: float) -> Coefficients:
        """One line for each name between it and the others (LinearSVC)."""
        from scipy.sparse import csr_matrix  # noqa: PLC0415  (half a second that other commands do not need)
        from sklearn.svm import LinearSVC  # noqa: PLC0415
        from threadpoolctl import threadpool_limits  # noqa: PLC0415

        given = training_set
        shape = (len(given.answers), given.width)
        matrix = csr_matrix((given.values, given.features, given.starts), shape=shape)
        model = LinearSVC(C=freedom, max_iter=_MOST_ROUNDS, random_state=0)
        # One thread: the same sums on every machine.
        with threadpool_limits(1):
            model.fit(matrix, given.answers)
        # Of two names there is one line: the second lies on its other side.
        two = len(model.classes_) == 2
        rows = np.vstack([-model.coef_, model.coef_]) if two else model.coef_
        starts = np.append(-model.intercept_, model.intercept_) if two else model.intercept_
        bias = np.full(given.names, _NEVER)
        weights = np.zeros((given.width, given.names))
        bias[model.classes_], weights[:, model.classes_] = starts, rows.T
        return Coefficients(bias, weights)

    def calibrate(self, logits: Floats, answers: Ints) -> float:
        """The library's temperature scaling, of the sums that will decide."""
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
