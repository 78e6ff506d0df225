"""Events of Discord's gateway in which people ask for pictures: commands, presses and forms."""

import io
from collections.abc import Sequence

from PIL import Image

from tests.discord_rest.events import Payload, command

# interactions/receiving-and-responding, Application Command Interaction Data Option
BOOLEAN, ATTACHMENT = 5, 11
COMPONENT, MODAL_SUBMIT = 3, 5  # Interaction Type
BUTTON, LABEL = 2, 18  # components/reference, Component Types


MASKED, MASK = "plain.png", "mask.png"


def attachments() -> dict[str, bytes]:
    """Return pictures as people attach them; each becomes another file in its normal form."""
    turned = Image.Exif()
    turned[0x0112] = 6  # Orientation (EXIF 2.3, 4.6.4): a phone that was held upright
    return {
        MASKED: _file("PNG", "RGB", (40, 30)),
        MASK: _file("PNG", "RGBA", (40, 30)),
        "clear.png": _file("PNG", "RGBA", (31, 33)),
        "phone.jpg": _file("JPEG", "RGB", (48, 32), exif=turned),
        "grey.png": _file("PNG", "LA", (30, 20)),
        "palette.gif": _file("GIF", "P", (20, 20)),
    }


def _file(name: str, mode: str, size: tuple[int, int], exif: Image.Exif | None = None) -> bytes:
    file = io.BytesIO()
    more = {} if exif is None else {"exif": exif}
    Image.new(mode, size, 90).save(file, name, **more)
    return file.getvalue()


def imagine(
    id_: int,
    token: str,
    person: int,
    *,
    private: bool,
    attached: Sequence[str] = (),
    mask: str | None = None,
    **options: str | int,
) -> Payload:
    """Return a /imagine; ``attached`` are addresses of reference pictures, and ``mask`` is one."""
    typed = by(person, command(id_, token, "imagine", **options))
    data = typed["data"]
    if private:
        data["options"].append({"name": "private", "type": BOOLEAN, "value": True})
    files = {f"reference{number}": url for number, url in enumerate(attached, 1)}
    if mask is not None:
        files["mask"] = mask
    ids = {name: str(number) for number, name in enumerate(files, 1)}
    data["options"] += [
        {"name": name, "type": ATTACHMENT, "value": id_} for name, id_ in ids.items()
    ]
    resolved = {ids[name]: _attachment(ids[name], url) for name, url in files.items()}
    data["resolved"] = {"attachments": resolved}
    return typed


def _attachment(id_: str, url: str) -> Payload:
    return {
        "id": id_,
        "filename": url.rsplit("/", 1)[-1],
        "size": 100,
        "url": url,
        "proxy_url": url,
        "ephemeral": True,
    }


def press(id_: int, token: str, person: int, message: object, custom_id: str) -> Payload:
    """Return a press on a button of a message, which is as Discord shows it."""
    data = {"component_type": BUTTON, "custom_id": custom_id}
    return {
        **by(person, command(id_, token, "")),
        "type": COMPONENT,
        "message": message,
        "data": data,
    }


def use_form(id_: int, token: str, person: int, job_id: str, prompt: str, model: str) -> Payload:
    """Return the submitted form of *Use as reference*: the first picture of a result."""
    fields: list[Payload] = [
        {"type": 4, "custom_id": "prompt", "value": prompt},
        {"type": 3, "custom_id": "model", "values": [model]},
        {"type": 4, "custom_id": "size", "value": "auto" if model == "gpt-image-2" else ""},
        {"type": 3, "custom_id": "start", "values": ["picture:1"]},
        {"type": 19, "custom_id": "files", "values": []},
    ]
    components = [
        {"type": LABEL, "id": number, "component": {**field, "id": 100 + number}}
        for number, field in enumerate(fields, 1)
    ]
    data = {"custom_id": f"easel:edited:{job_id}:{id_}", "components": components}
    return {**by(person, command(id_, token, "")), "type": MODAL_SUBMIT, "data": data}


def by(person: int, typed: Payload) -> Payload:
    """Return an interaction of another person."""
    member = typed["member"]
    return {**typed, "member": {**member, "user": {**member["user"], "id": str(person)}}}
