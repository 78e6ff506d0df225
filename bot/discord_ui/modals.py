"""The form that changes a result: prompt, model, size, what to start from, and files.

discord.py forgets a modal when the process ends, so that nothing of it is kept in memory: what
comes back is read from the interaction, whichever process showed the form.
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
MOST_FILES = 5

NOTHING = "nothing"
REFERENCES = "references"


@dataclass(eq=False, kw_only=True)
class FormOutdated(Refusal):
    """What came back is no form that this version shows."""

    message_id = "error-form-outdated"


@dataclass(eq=False, kw_only=True)
class FormForgotten(Refusal):
    """The form began at a message that this process does not remember."""

    message_id = "error-form-forgotten"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormDefaults:
    """What a form shows first; ``model`` is one of ``models``.

    ``pictures`` are the numbers of those that one can start from; ``references`` is how many
    references the result itself had, ``start`` the choice that stands there: ``nothing``,
    ``references`` or what ``picture`` returns.
    """

    prompt: str
    model: str
    models: Sequence[str]
    size: str
    pictures: Sequence[int]
    references: int
    start: str


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file that came with a form; ``size`` is in bytes."""

    url: str
    size: int


@dataclass(frozen=True, slots=True)
class FormInput:
    """What somebody made of a form."""

    prompt: str
    model: str | None
    size: str
    start: str
    files: tuple[FormFile, ...]

    @property
    def picture(self) -> int | None:
        """Return the number of the picture to start from."""
        kind, _, number = self.start.partition(":")
        return int(number) if kind == "picture" and number.isdecimal() else None


def picture_choice(number: int) -> str:
    """Return the choice of one picture."""
    return f"picture:{number}"


def edit_form(texts: Texts, custom_id: str, offer: FormDefaults, locale: str) -> Modal:
    """Return the form, to be sent at once."""
    title = "form-title-edit" if offer.start in {NOTHING, REFERENCES} else "form-title-use"
    modal = Modal(title=texts.say(title, locale), custom_id=custom_id)
    # A modal that has ended is not kept: its answer is read by its id.
    modal.stop()
    fields: tuple[tuple[str, TextInput[Modal] | Select[Modal] | FileUpload[Modal]], ...] = (
        ("prompt", _prompt(offer)),
        ("model", _models(offer)),
        ("size", _size(texts, offer, locale)),
        ("start", _starts(texts, offer, locale)),
        ("files", _files()),
    )
    for name, field in fields:
        modal.add_item(Label(text=texts.say(f"form-{name}", locale), component=field))
    return modal


def _prompt(offer: FormDefaults) -> TextInput[Modal]:
    return TextInput(
        custom_id="prompt",
        style=TextStyle.paragraph,
        default=offer.prompt[:LONGEST_TEXT],
        max_length=LONGEST_TEXT,
    )


def _models(offer: FormDefaults) -> Select[Modal]:
    names = dict.fromkeys((offer.model, *offer.models))
    return Select(
        custom_id="model",
        options=[
            SelectOption(
                label=one_line(name, LONGEST_OPTION),
                value=name[:LONGEST_OPTION],
                default=name == offer.model,
            )
            for name in list(names)[:MOST_OPTIONS]
        ],
    )


def _size(texts: Texts, offer: FormDefaults, locale: str) -> TextInput[Modal]:
    return TextInput(
        custom_id="size",
        default=offer.size[:LONGEST_SIZE],
        placeholder=texts.say("form-size-hint", locale),
        max_length=LONGEST_SIZE,
        required=False,
    )


def _files() -> FileUpload[Modal]:
    return FileUpload(custom_id="files", required=False, min_values=0, max_values=MOST_FILES)


def _starts(texts: Texts, offer: FormDefaults, locale: str) -> Select[Modal]:
    choices = {NOTHING: texts.say("form-start-nothing", locale)}
    if offer.references:
        choices[REFERENCES] = texts.say("form-start-references", locale, count=offer.references)
    for number in offer.pictures:
        several = len(offer.pictures) > 1
        name = "form-start-one-of" if several else "form-start-picture"
        choices[picture_choice(number)] = texts.say(name, locale, number=str(number))
    return Select(
        custom_id="start",
        options=[
            SelectOption(label=label, value=value, default=value == offer.start)
            for value, label in choices.items()
        ][:MOST_OPTIONS],
    )


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


def read_edit_form(data: Mapping[str, object]) -> FormInput:
    """Read the data of a submitted modal; raise FormOutdated when it is none of these forms."""
    try:
        submitted = msgspec.convert(dict(data), _SubmittedModal)
        fields = {each.component.custom_id: each.component for each in submitted.components}
        files = [submitted.resolved.attachments[each] for each in fields["files"].values]
        return FormInput(
            prompt=fields["prompt"].value,
            model=next(iter(fields["model"].values), None),
            size=fields["size"].value,
            start=next(iter(fields["start"].values), NOTHING),
            files=tuple(files),
        )
    except (msgspec.ValidationError, KeyError) as wrong:
        raise FormOutdated from wrong
