"""Chat templates at work: those of real models, and those that mean harm."""

import time

import pytest

from termai.errors import InvalidFileError
from termai.models import smoke
from termai.models.details import TEMPLATE, details
from termai.models.model_file import ModelFile
from termai.models.template import LIMIT, SAMPLES, render

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content"
    " + '<|im_end|>' }}\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% endif %}"
)


DOUBLING = (
    "{% set ns = namespace(t='x') %}{% for i in range(90000) %}"
    "{% set ns.t = ns.t + ns.t %}{% endfor %}"
)


def test_a_template_is_rendered_on_the_fullest_conversation() -> None:
    rendered = render(CHATML)
    assert rendered.sample == SAMPLES[0][0]
    assert rendered.refused == ()
    assert rendered.text.startswith("<|im_start|>system\nAnswer briefly.<|im_end|>")
    assert "<|im_start|>tool\nrain, 9 °C<|im_end|>" in rendered.text
    assert rendered.text.endswith("<|im_start|>assistant\n")


def test_the_words_of_tokens_are_the_models() -> None:
    text = render("{{ bos_token }}|{{ eos_token }}", bos="<s>", eos="</s>").text
    assert text == "<s>|</s>"


def test_what_transformers_gives_to_templates_is_there() -> None:
    template = (
        "{%- generation -%}{{ tools | tojson }}{%- endgeneration -%}"
        "{%- for m in messages -%}{%- if loop.index > 1 -%}{%- break -%}{%- endif -%}"
        "{{ strftime_now('%Y') }}{%- endfor -%}{{ '<é>' | tojson(indent=2) }}"
    )
    text = render(template).text
    assert text.startswith('[{"type": "function"')
    assert time.strftime("%Y") in text
    assert text.endswith('"<é>"')


def test_a_template_that_refuses_tools_and_system_gets_less() -> None:
    template = (
        "{% if tools or messages[0].role == 'system' %}{{ raise_exception('No!') }}{% endif %}"
        "{{ messages[0].content }}"
    )
    rendered = render(template)
    assert rendered.sample == "user, assistant"
    assert rendered.refused == ("No!", "No!")
    assert rendered.text == "What is the weather in Bergen?"


def test_that_of_the_smoke_model_is_rendered() -> None:
    model = ModelFile(smoke.model_path(), "smoke", 1, "built in", files=(smoke.model_path(),))
    read = details(model, tokens=True)
    rendered = render(read.templates[""], bos=read.token("bos"), eos=read.token("eos"))
    assert read.header.text(TEMPLATE) == read.templates[""]
    assert read.token("eos") in rendered.text
    assert "Answer briefly." in rendered.text


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        DOUBLING,
        "{{ 'x' * 10 ** 11 }}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ 9 ** (9 ** (9 ** 9)) }}",
        "{{ '%0999999999999d' | format(1) }}",
        "{% for a in range(10 ** 9) %}{{ a }}{% endfor %}",
        "{{ [0] * 10 ** 10 }}",
        "{{ 'a' | center(10 ** 12) }}",
    ],
)
def test_a_template_that_does_not_end_or_eats_memory_is_refused_in_time(template: str) -> None:
    start = time.monotonic()
    with pytest.raises(InvalidFileError, match="template"):
        render(template, time_s=4.0)
    assert time.monotonic() - start < 8


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.system('true') }}",
        "{{ raise_exception.__globals__.sys }}",
        "{{ messages.append(1) }}",
        "{{ self._TemplateReference__context.name }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        *("{% if %}", "{{", "{% endfor %}", "{{ nothing.at.all }}"),
    ],
)
def test_a_template_gets_at_nothing_but_its_conversation(template: str) -> None:
    with pytest.raises(InvalidFileError, match="cannot be rendered"):
        render(template)


def test_what_begins_with_underscores_is_not_there() -> None:
    assert render("{{ raise_exception.__globals__ }}{{ messages.__class__ }}").text == ""


def test_what_is_longer_than_anyone_reads_is_cut() -> None:
    rendered = render("{% for i in range(99999) %}{{ 'x' * 100 }}{% endfor %}")
    assert rendered.cut
    assert len(rendered.text) == LIMIT


def test_a_template_that_is_too_long_is_not_tried() -> None:
    with pytest.raises(InvalidFileError, match="longer than"):
        render("x" * (LIMIT + 1))


def test_the_environment_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    seen: list[dict[str, str]] = []
    original = subprocess.run

    def noted(*arguments: object, **more: object) -> object:
        seen.append(more["env"])  # type: ignore[arg-type]
        return original(*arguments, **more)  # type: ignore[call-overload]

    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setattr(subprocess, "run", noted)
    render("x")
    assert "HF_TOKEN" not in seen[0]
