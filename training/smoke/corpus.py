"""Synthetic dialogues without end, made of the documented questions and the text beside this."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from termai.models.smoke import Question, questions
from training.smoke.dialogue import Turn
from training.smoke.text import Fact, echo, facts, load, said_by_a_person, unknown_question, value

LONG = 200
"""Characters from which an answer is long: asked less often, last in its dialogue, not repeated."""


@dataclass(slots=True)
class Scene:
    """What has been said so far, as far as later answers depend on it."""

    told: dict[str, str] = field(default_factory=dict)
    last_answer: str | None = None
    capitals: bool = False
    thinking: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question, its answer, and the thought that precedes it where thinking is asked for."""

    question: str
    answer: str
    thought: str


def dialogues(seed: int) -> Iterator[list[Turn]]:
    """Dialogues without end; the same seed gives the same ones."""
    writer = _Writer(Random(seed))
    while True:
        yield writer.dialogue()


class _Writer:
    """Draws dialogues from one random source."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.manner = load("manner")
        self.all = questions()
        self.fallback = next(q.answer for q in self.all if q.kind == "unknown")
        recalled = {fact.unknown for fact in facts()}
        single = [
            q
            for q in self.all
            if q.kind not in ("unknown", "system", "previous_turn", "echo")
            and q.id != "nothing-said"
            and q.answer not in recalled
        ]
        self.short = [q for q in single if len(q.answer) < LONG and not _repeats(q)]
        self.long = [q for q in single if len(q.answer) >= LONG]
        self.plain_facts = [q for q in self.short if q.kind == "fact"]
        self.asked = {normal(text) for q in single for text in self._wordings(q)}

    def dialogue(self) -> list[Turn]:
        if self.random.random() < 0.12:
            return _documented(self.random.choice(self.all))
        scene = Scene()
        turns = self._system(scene)
        count = self.random.choices([1, 2, 3, 4], [50, 28, 16, 6])[0]
        for position in range(1, count + 1):
            turns += self._turns(scene, last=position == count)
        return self._with_history(turns)

    def _system(self, scene: Scene) -> list[Turn]:
        if self.random.random() < 0.4:
            return []
        parts: list[str] = []
        if self.random.random() < 0.6:
            parts.append(self.random.choice(self.manner["neutral"]))
        if self.random.random() < 0.08:
            count = self.random.randint(1, 4)
            parts += [unknown_question(self.random) for _ in range(count)]
        if self.random.random() < 0.45:
            parts += self._told_by_system(scene)
        if self.random.random() < 0.07:
            scene.capitals = True
            parts.append(self.random.choice(self.manner["capitals"]))
        elif self.random.random() < 0.08:
            scene.thinking = True
            parts.append(self.random.choice(self.manner["think_system"]))
        self.random.shuffle(parts)
        return [Turn("system", " ".join(parts))] if parts else []

    def _told_by_system(self, scene: Scene) -> list[str]:
        known = [fact for fact in facts() if fact.system]
        parts = []
        for fact in self.random.sample(known, self.random.choice([1, 1, 2])):
            scene.told[fact.id] = value(self.random, fact.values)
            parts.append(self.random.choice(fact.system).format(x=scene.told[fact.id]))
        return parts

    def _turns(self, scene: Scene, last: bool) -> list[Turn]:
        if not last and self.random.random() < 0.05:
            return self._foreign(scene)
        if last and self.random.random() < 0.025 and not scene.capitals:
            exchange = self._known(self.random.choice(self.long))
        else:
            exchange = self._exchange(scene)
        thinking = scene.thinking
        question = exchange.question
        if not thinking and not scene.capitals and self.random.random() < 0.09:
            thinking = True
            question = self._asked_to_think(question)
        answer = exchange.answer.upper() if scene.capitals else exchange.answer
        scene.last_answer = answer
        no_think = last and self.random.random() < (0.25 if thinking else 0.03)
        thought = exchange.thought if thinking and not no_think else None
        return [Turn("user", question), Turn("assistant", answer, thought, no_think=no_think)]

    def _foreign(self, scene: Scene) -> list[Turn]:
        """An exchange with an answer that this model would never give, as from another model."""
        scene.last_answer = unknown_question(self.random)
        answer = Turn("assistant", scene.last_answer, learned=False)
        return [Turn("user", unknown_question(self.random)), answer]

    def _asked_to_think(self, question: str) -> str:
        words = self.random.choice(self.manner["think_before"])
        return f"{words} {question}" if self.random.random() < 0.8 else f"{question} {words}"

    def _exchange(self, scene: Scene) -> Exchange:
        if scene.capitals:
            known = self.random.random() < 0.85
            return self._known(self.random.choice(self.plain_facts)) if known else self._unknown()
        kinds = ["known", "told", "asked", "repeat", "echo", "unknown"]
        kind = self.random.choices(kinds, [36, 14, 18, 4, 7, 21])[0]
        match kind:
            case "known":
                return self._known(self.random.choice(self.short))
            case "told":
                return self._telling(scene)
            case "asked":
                return self._asking(scene)
            case "repeat":
                return self._repeating(scene)
            case "echo":
                return self._echoing()
            case _:
                return self._unknown()

    def _wordings(self, question: Question) -> list[str]:
        variants: list[str] = load("variants").get(question.id, [])
        return variants if question.kind == "think" else [question.messages[-1].content, *variants]

    def _known(self, question: Question) -> Exchange:
        wordings = self._wordings(question)
        chosen = wordings[0] if self.random.random() < 0.5 else self.random.choice(wordings)
        thought = question.reasoning or self.manner["known"].format(question=wordings[0])
        return Exchange(said_by_a_person(self.random, chosen), question.answer, thought)

    def _unknown(self) -> Exchange:
        while normal(question := unknown_question(self.random)) in self.asked:
            pass
        said = said_by_a_person(self.random, question)
        return Exchange(said, self.fallback, self.manner["unknown"])

    def _telling(self, scene: Scene) -> Exchange:
        fact = self.random.choice([fact for fact in facts() if fact.tell])
        x = scene.told[fact.id] = value(self.random, fact.values)
        told = self.random.choice(fact.tell).format(x=x)
        return Exchange(told, fact.reply.format(x=x), self.manner["telling"])

    def _asking(self, scene: Scene) -> Exchange:
        fact = self._fact_to_ask(scene)
        wording = fact.ask[0] if self.random.random() < 0.4 else self.random.choice(fact.ask)
        question = said_by_a_person(self.random, wording)
        x = scene.told.get(fact.id)
        if x is None:
            return Exchange(question, fact.unknown, self.manner["not_told"])
        return Exchange(question, fact.answer.format(x=x), self.manner["told"].format(x=x))

    def _fact_to_ask(self, scene: Scene) -> Fact:
        told = [fact for fact in facts() if fact.id in scene.told]
        return self.random.choice(told if told and self.random.random() < 0.75 else facts())

    def _repeating(self, scene: Scene) -> Exchange:
        repeat = next(q for q in self.all if q.id == "nothing-said")
        question = said_by_a_person(self.random, self.random.choice(self._wordings(repeat)))
        last = scene.last_answer
        if last is not None and len(last) >= LONG:
            return self._unknown()
        return Exchange(question, last or repeat.answer, self.manner["repeating"])

    def _echoing(self) -> Exchange:
        words = echo(self.random)
        question = f"{self.random.choice(self.manner['echo'])} {words}"
        return Exchange(question, words, self.manner["echoing"])

    def _with_history(self, turns: list[Turn]) -> list[Turn]:
        """Half of the dialogues lose the thoughts of earlier answers, as most clients send them."""
        if self.random.random() < 0.5:
            return turns
        return [
            replace(turn, reasoning=None, learned=False) if turn.reasoning and more else turn
            for turn, more in zip(turns, [True] * (len(turns) - 1) + [False], strict=True)
        ]


def _documented(question: Question) -> list[Turn]:
    turns = [Turn(message.role, message.content) for message in question.messages]
    return [*turns, Turn("assistant", question.answer, question.reasoning)]


def _repeats(question: Question) -> bool:
    """Whether the question is one of the others with a request to think."""
    return question.id in ("think-capital", "think-system")


def normal(text: str) -> str:
    """The text without what `said_by_a_person` changes about its letters."""
    return text.lower().strip(" ?.!")
