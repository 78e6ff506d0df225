"""The modal that edits a result: prompt, model, size, pictures to start from, and files.

What a person submits is read from the interaction alone, so that a modal works after a restart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from discord import SelectOption, TextStyle
from discord.ui import FileUpload, Label, Modal, Select, TextInput

from bot.core.errors.base import Refusal
from bot.core.i18n.escaping import one_line
from bot.core.i18n.texts import Texts

# https://docs.discord.com/developers/components/reference: String Select, Select Option, Text Input
MOST_OPTIONS = 25
LONGEST_OPTION = 100
LONGEST_TEXT = 4000
LONGEST_SIZE = 40
MOST_UPLOADS = 5
LONGEST_MODEL = 30  # beside other words
MAX_SEED_DIGITS = 19

_SEED_MARK = ":seed:"
_IMPROVE_MARK = ":improve"
NOTHING = "nothing"
REFERENCES = "references"


@dataclass(eq=False, kw_only=True)
class FormOutdated(Refusal):
    """The submitted form is none that this version shows."""

    message_id = "error-form-outdated"


@dataclass(eq=False, kw_only=True)
class FormForgotten(Refusal):
    """The form belongs to a message that this process does not remember."""

    message_id = "error-form-forgotten"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormDefaults:
    """What a form contains at first.

    ``credits`` has the models to choose from, with what all ``count`` pictures cost with each;
    ``model`` is the one of them that is selected.

    ``pictures`` are the numbers of those that one can start from; ``references`` is how many
    references the result itself had, ``start`` the selected choice: ``nothing``, ``references`` or
    what ``picture_choice`` returns. ``seed`` is the result's, where the model can use it again.
    ``improving`` is what a better prompt costs, None where none can be had.
    """

    prompt: str
    model: str
    credits: Mapping[str, int]
    size: str
    count: int
    pictures: Sequence[int]
    references: int
    start: str
    seed: int | None = None
    improving: int | None = None


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file that came with a form; ``size`` is in bytes."""

    url: str
    size: int
    filename: str = ""
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class FormInput:
    """A submitted form; with ``improves`` only a better prompt is wanted."""

    prompt: str
    model: str | None
    size: str
    start: str
    files: tuple[FormFile, ...]
    seed: int | None = None
    improves: bool = False

    @property
    def picture(self) -> int | None:
        """Return the number of the picture to start from, None without one."""
        kind, _, number = self.start.partition(":")
        return int(number) if kind == "picture" and number.isdecimal() else None


def picture_choice(number: int) -> str:
    """Return the value of a choice that starts from one picture."""
    return f"picture:{number}"


def edit_form(texts: Texts, custom_id: str, defaults: FormDefaults, locale: str) -> Modal:
    """Return the modal, to be sent at once."""
    title = "form-title-edit" if defaults.start in {NOTHING, REFERENCES} else "form-title-use"
    modal = Modal(title=texts.say(title, locale), custom_id=custom_id)
    # discord.py keeps no modal that has ended; its answer is read by its custom id.
    modal.stop()
    fields: tuple[tuple[str, TextInput[Modal] | Select[Modal] | FileUpload[Modal]], ...] = (
        ("prompt", _prompt(defaults)),
        ("model", _models(texts, defaults, locale)),
        ("size", _size(texts, defaults, locale)),
        ("start", _starts(texts, defaults, locale)),
        ("files", _files()),
    )
    for name, field in fields:
        label = texts.say(f"form-{name}", locale)
        description = _number_and_cost(texts, defaults, locale) if name == "model" else None
        modal.add_item(Label(text=label, description=description, component=field))
    return modal


def _prompt(defaults: FormDefaults) -> TextInput[Modal]:
    return TextInput(
        custom_id="prompt",
        style=TextStyle.paragraph,
        default=defaults.prompt[:LONGEST_TEXT],
        max_length=LONGEST_TEXT,
    )


def _models(texts: Texts, defaults: FormDefaults, locale: str) -> Select[Modal]:
    names = dict.fromkeys((defaults.model, *defaults.credits))  # what is selected must be among 25
    return Select(
        custom_id="model",
        options=[
            SelectOption(
                label=one_line(name, LONGEST_OPTION),
                value=name[:LONGEST_OPTION],
                description=_cost(texts, defaults.credits.get(name), locale),
                default=name == defaults.model,
            )
            for name in list(names)[:MOST_OPTIONS]
        ],
    )


def _cost(texts: Texts, credits_: int | None, locale: str) -> str | None:
    return None if credits_ is None else texts.say("form-cost", locale, credits=credits_)


def _number_and_cost(texts: Texts, defaults: FormDefaults, locale: str) -> str | None:
    """Return how many pictures there will be, and their cost with the selected model."""
    if (credits_ := defaults.credits.get(defaults.model)) is None:
        return None
    model = one_line(defaults.model, LONGEST_MODEL)
    return texts.say(
        "form-count", locale, count=defaults.count, credits=credits_, short_model=model
    )


def _size(texts: Texts, defaults: FormDefaults, locale: str) -> TextInput[Modal]:
    return TextInput(
        custom_id="size",
        default=defaults.size[:LONGEST_SIZE],
        placeholder=texts.say("form-size-hint", locale),
        max_length=LONGEST_SIZE,
        required=False,
    )


def _files() -> FileUpload[Modal]:
    return FileUpload(custom_id="files", required=False, min_values=0, max_values=MOST_UPLOADS)


def _starts(texts: Texts, defaults: FormDefaults, locale: str) -> Select[Modal]:
    choices = {NOTHING: texts.say("form-start-nothing", locale)}
    if defaults.references:
        choices[REFERENCES] = texts.say("form-start-references", locale, count=defaults.references)
    for number in defaults.pictures:
        several = len(defaults.pictures) > 1
        name = "form-start-one-of" if several else "form-start-picture"
        choices[picture_choice(number)] = texts.say(name, locale, number=str(number))
    options = [
        SelectOption(label=label, value=value, default=value == defaults.start)
        for value, label in _with_same_seed(texts, choices, defaults.seed, locale).items()
    ]
    return Select(
        custom_id="start", options=[*options, *_improving(texts, defaults, locale)][:MOST_OPTIONS]
    )


def _improving(texts: Texts, defaults: FormDefaults, locale: str) -> Sequence[SelectOption]:
    """Offer to improve the prompt first: a form has room for no button."""
    if defaults.improving is None:
        return ()
    cost = texts.say("form-improve-cost", locale, credits=defaults.improving)
    label, value = texts.say("form-improve", locale), f"{defaults.start}{_IMPROVE_MARK}"
    return (SelectOption(label=label, value=value, description=cost, emoji="✨"),)


def _with_same_seed(
    texts: Texts, choices: Mapping[str, str], seed: int | None, locale: str
) -> dict[str, str]:
    """Offer the choices that start from no picture of the result also with the result's seed.

    A select has room for that, a form with five components has not.
    """
    offered: dict[str, str] = {}
    for value, label in choices.items():
        offered[value] = label
        if seed is not None and value in {NOTHING, REFERENCES}:
            same = texts.say("form-start-same-seed", locale, start=label, seed=str(seed))
            offered[f"{value}{_SEED_MARK}{seed}"] = same
    return offered


class _Field(msgspec.Struct, frozen=True):
    custom_id: str
    value: str = ""
    values: tuple[str, ...] = ()


class _LabelComponent(msgspec.Struct, frozen=True):
    component: _Field


class _ResolvedData(msgspec.Struct, frozen=True):
    attachments: dict[str, FormFile] = {}


class _SubmittedModal(msgspec.Struct, frozen=True):
    components: tuple[_LabelComponent, ...]
    resolved: _ResolvedData = _ResolvedData()


def read_submitted_text(data: Mapping[str, object], custom_id: str) -> str:
    """Read what was typed into one field of a submitted modal; raise FormOutdated without it."""
    try:
        return _fields(msgspec.convert(dict(data), _SubmittedModal))[custom_id].value.strip()
    except (msgspec.ValidationError, KeyError) as wrong:
        raise FormOutdated from wrong


def read_submitted_file(data: Mapping[str, object], custom_id: str) -> FormFile | None:
    """Read the file of one field of a submitted modal, None without one.

    Raises:
        FormOutdated: it is none of these forms.
    """
    try:
        submitted = msgspec.convert(dict(data), _SubmittedModal)
        field = _fields(submitted).get(custom_id)
        chosen = next(iter(field.values), None) if field else None
        return None if chosen is None else submitted.resolved.attachments[chosen]
    except (msgspec.ValidationError, KeyError) as wrong:
        raise FormOutdated from wrong


def _fields(submitted: _SubmittedModal) -> dict[str, _Field]:
    return {each.component.custom_id: each.component for each in submitted.components}


def read_submitted_form(data: Mapping[str, object]) -> FormInput:
    """Read the data of a submitted modal; raise FormOutdated when it is none of these forms."""
    try:
        submitted = msgspec.convert(dict(data), _SubmittedModal)
        fields = _fields(submitted)
        chosen = next(iter(fields["start"].values), NOTHING)
        start, seed = _start_and_seed(chosen.removesuffix(_IMPROVE_MARK))
        files = [submitted.resolved.attachments[each] for each in fields["files"].values]
        return FormInput(
            prompt=fields["prompt"].value,
            model=next(iter(fields["model"].values), None),
            size=fields["size"].value,
            start=start,
            files=tuple(files),
            seed=seed,
            improves=chosen.endswith(_IMPROVE_MARK),
        )
    except (msgspec.ValidationError, KeyError) as wrong:
        raise FormOutdated from wrong


def _start_and_seed(value: str) -> tuple[str, int | None]:
    start, mark, seed = value.partition(_SEED_MARK)
    if not mark:
        return start, None
    if not (seed.isascii() and seed.isdecimal() and len(seed) <= MAX_SEED_DIGITS):
        raise FormOutdated
    return start, int(seed)
