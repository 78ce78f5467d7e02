"""The plainest search there is: TF-IDF of words and the cosine, by scikit-learn's defaults."""

from collections.abc import Callable, Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

Search = Callable[[str, int], list[int]]


def index_by_tf_idf(texts: Sequence[str]) -> Search:
    """A search that gives the places of the likeliest texts, the best first."""
    vectoriser = TfidfVectorizer()
    columns = vectoriser.fit_transform(texts).T.tocsr()

    def search(text: str, most: int) -> list[int]:
        scores = (vectoriser.transform([text]) @ columns).toarray()[0]
        best = np.argsort(-scores, kind="stable")[:most]
        return [int(place) for place in best if scores[place] > 0]

    return search
