"""How alike two texts are: the same in every script, bounded for any text."""

import time

import pytest
from desk_kernel.likeness import (
    MAX_TERM,
    Field,
    TermWeights,
    Weighed,
    even,
    read_terms,
    weigh_rarity,
)


def score(text: str, other: str) -> float:
    return Weighed(read_terms(text, ""), even).compare(read_terms(other, "")).score


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("The printer is jammed", "printer jamms again", "I forgot my password"),
        ("Der Druckertreiber fehlt", "Druckertreibern fehlen", "Passwort vergessen"),
        ("L'imprimante est bloquée", "imprimantes bloquées", "mot de passe oublié"),
        ("프린터가 작동하지 않습니다", "프린터 작동 안 함", "비밀번호를 잊었습니다"),
        ("打印机无法工作", "打印机不能工作", "忘记了密码"),
        ("لا تعمل الطابعة", "الطابعة لا تعمل", "نسيت كلمة المرور"),
    ],
)
def test_what_is_near_is_nearer_in_every_script(text: str, near: str, far: str) -> None:
    assert score(text, text) == pytest.approx(1)
    assert score(text, near) > score(text, far)


def test_it_is_the_same_both_ways_and_says_the_shared_words() -> None:
    left, right = read_terms("VPN drops", "after sleep"), read_terms("vpn DROPS!", "at noon")
    likeness = Weighed(left, even).compare(right)
    assert likeness.score == pytest.approx(Weighed(right, even).compare(left).score)
    assert likeness.shared == ("drops", "vpn")


def test_rare_words_count_more() -> None:
    assert weigh_rarity(1000, 1) > weigh_rarity(1000, 10) > weigh_rarity(1000, 1000) > 0
    rarity = TermWeights(lambda term: 5.0 if term == "zx81" else 0.1)
    weighed = Weighed(read_terms("the zx81", ""), lambda _field: rarity)
    assert (
        weighed.compare(read_terms("a zx81", "")).score
        > weighed.compare(read_terms("the box", "")).score
    )


@pytest.mark.parametrize("text", ["", " ", "\u200b", "!!!", "<>&\"'"])
def test_nothing_is_like_nothing(text: str) -> None:
    assert score(text, "printer") == 0
    assert score(text, text) == 0


@pytest.mark.parametrize(
    "text", ["a" * 1_000_000, "word " * 200_000, "<b>x</b>" * 125_000, "中" * 333_000]
)
def test_a_megabyte_is_bounded_work(text: str) -> None:
    began = time.process_time()
    terms = read_terms("t", text)
    assert time.process_time() - began < 1
    assert sum(map(len, terms.values())) < 4_000
    assert all(len(term) <= MAX_TERM for term in terms[Field.WORDS])
