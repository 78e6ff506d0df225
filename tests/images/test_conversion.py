"""Pictures fit where they are shown, and the originals stay as they are."""

import io
from pathlib import Path
from typing import Literal
from zlib import crc32

import pytest
from PIL import Image, ImageCms

from bot.core.models import Picture
from bot.images.conversion import fit_to_limit, max_bytes_each, two_tone_mask
from bot.images.decoding import MAX_DECODED_PIXELS, PictureTooLarge, PictureUnreadable

MIB = 1024 * 1024


def noise(mode: str = "RGB", size: tuple[int, int] = (320, 200)) -> Image.Image:
    """Return a picture that no format makes small."""
    bands = [Image.effect_noise(size, 90) for _ in Image.new(mode, (1, 1)).getbands()]
    return Image.merge(mode, bands) if len(bands) > 1 else bands[0]


def saved(path: Path, image: Image.Image, kind: str, **options: object) -> Picture:
    """Return the picture that a gateway would have sent."""
    data = io.BytesIO()
    image.save(data, kind, **options)
    path.write_bytes(data.getvalue())
    return Picture(path, "png", image.width, image.height, len(data.getvalue()), "a fox")


def opened(picture: Picture) -> Image.Image:
    """Return what a person sees of it."""
    with Image.open(picture.path) as image:
        assert (image.format, image.size) == ("WEBP", (picture.width, picture.height))
        image.load()
        return image


def test_a_picture_that_fits_is_left_alone(tmp_path: Path) -> None:
    """An original that Discord takes must arrive untouched, byte for byte."""
    picture = saved(tmp_path / "1.png", noise(), "PNG")
    assert fit_to_limit(picture, max_bytes=picture.bytes, folder=tmp_path) is picture


def test_a_small_picture_is_not_even_opened(tmp_path: Path) -> None:
    """Looking inside costs more than everything else, and damage is not our concern here."""
    picture = Picture(tmp_path / "gone.png", "png", 9_000, 9_000, 10)
    assert fit_to_limit(picture, max_bytes=10, folder=tmp_path) is picture


@pytest.mark.parametrize("part", [2, 4, 20, 100])
def test_a_larger_picture_becomes_a_webp_that_fits(tmp_path: Path, part: int) -> None:
    """A picture above the limit is refused by Discord, and was paid for."""
    picture = saved(tmp_path / "1.png", noise(), "PNG")
    original = picture.path.read_bytes()
    shown = fit_to_limit(picture, max_bytes=picture.bytes // part, folder=tmp_path / "shown")
    assert shown.path == tmp_path / "shown" / "1-shown.webp"
    assert shown.bytes == shown.path.stat().st_size <= picture.bytes // part
    assert (shown.format, shown.revised_prompt) == ("webp", "a fox")
    assert abs(shown.width / shown.height - 1.6) < 0.1
    assert opened(shown).mode == "RGB"
    assert picture.path.read_bytes() == original
    assert not list(tmp_path.rglob("*.part"))


def test_quality_falls_before_size(tmp_path: Path) -> None:
    """On a phone a softer picture looks better than a smaller one."""
    picture = saved(tmp_path / "1.png", noise(), "PNG")
    softer = fit_to_limit(picture, max_bytes=int(picture.bytes * 0.5), folder=tmp_path)
    assert (softer.width, softer.height) == (320, 200)


def test_the_same_picture_gives_the_same_file(tmp_path: Path) -> None:
    """After a restart the same work must not leave a second file."""
    picture = saved(tmp_path / "1.png", noise(), "PNG")
    first = fit_to_limit(picture, max_bytes=20_000, folder=tmp_path)
    data = first.path.read_bytes()
    assert fit_to_limit(picture, max_bytes=20_000, folder=tmp_path) == first
    assert first.path.read_bytes() == data


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_kept(tmp_path: Path, mode: str) -> None:
    """A sticker on a black square is not what was asked for."""
    image = noise(mode)
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    shown = opened(
        fit_to_limit(saved(tmp_path / "1.png", image, "PNG"), max_bytes=30_000, folder=tmp_path)
    )
    assert shown.mode == "RGBA"
    low, high = shown.getchannel("A").getextrema()
    assert (low, high) == (0, 255)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_palette_keeps_its_transparent_colour(tmp_path: Path, kind: str) -> None:
    """Palettes mark one colour as see-through."""
    image = noise().quantize(16)
    image.paste(3, (0, 0, 160, 200))
    picture = saved(tmp_path / "1", image, kind, transparency=3)
    shown = opened(fit_to_limit(picture, max_bytes=8_000, folder=tmp_path))
    assert shown.mode == "RGBA"
    assert shown.getpixel((2, 2))[3] == 0  # type: ignore[index]  # an RGBA pixel is a tuple


def test_an_animation_shows_its_first_picture(tmp_path: Path) -> None:
    """Endpoints send none; if one does, a still is better than nothing."""
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    picture = saved(tmp_path / "1", frames[0], "GIF", save_all=True, append_images=frames[1:])
    shown = opened(fit_to_limit(picture, max_bytes=picture.bytes - 1, folder=tmp_path))
    assert shown.getpixel((9, 9)) == pytest.approx((254, 0, 0), abs=3)


def test_sixteen_bits_keep_their_brightness(tmp_path: Path) -> None:
    """Clipped instead of scaled, every picture of 16 bits would be white."""
    picture = saved(tmp_path / "1.png", Image.new("I;16", (300, 300), 32_896), "PNG")
    shown = opened(fit_to_limit(picture, max_bytes=picture.bytes - 1, folder=tmp_path))
    assert shown.getpixel((5, 5)) == pytest.approx((128, 128, 128), abs=2)


@pytest.mark.parametrize(("mode", "kind"), [("CMYK", "JPEG"), ("L", "JPEG"), ("1", "PNG")])
def test_ink_grey_and_black_and_white_are_shown(tmp_path: Path, mode: str, kind: str) -> None:
    """WebP knows red, green and blue alone."""
    picture = saved(tmp_path / "1", noise().convert(mode), kind)
    assert (
        opened(fit_to_limit(picture, max_bytes=picture.bytes // 3, folder=tmp_path)).mode == "RGB"
    )


def test_a_turned_photograph_is_shown_upright(tmp_path: Path) -> None:
    """A camera's note "turn me" is lost in the WebP, so it is obeyed before."""
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: turn by 90 degrees
    picture = saved(tmp_path / "1.jpg", noise(), "JPEG", exif=exif, quality=95)
    shown = fit_to_limit(picture, max_bytes=picture.bytes // 2, folder=tmp_path)
    assert shown.height > shown.width


def test_colours_keep_their_profile(tmp_path: Path) -> None:
    """Without it, wide colours look dull."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = saved(tmp_path / "1.png", noise(), "PNG", icc_profile=profile)
    shown = opened(fit_to_limit(picture, max_bytes=40_000, folder=tmp_path))
    assert shown.info["icc_profile"] == profile


def test_a_side_too_long_for_webp_is_shortened(tmp_path: Path) -> None:
    """WebP stores a side in 14 bits."""
    picture = saved(tmp_path / "1.png", noise(size=(20_000, 8)), "PNG")
    assert fit_to_limit(picture, max_bytes=picture.bytes // 2, folder=tmp_path).width <= 16_383


@pytest.mark.parametrize(("repaint", "tones"), [("black", [0, 0, 255]), ("white", [255, 255, 0])])
def test_a_mask_in_black_and_white_is_opaque(
    tmp_path: Path, repaint: Literal["black", "white"], tones: list[int]
) -> None:
    """Services that know no transparency read it; a soft edge belongs to what may change."""
    mask = Image.new("RGBA", (3, 1))
    for x, alpha in enumerate((0, 127, 128)):
        mask.putpixel((x, 0), (9, 9, 9, alpha))
    mask.save(tmp_path / "mask.png")
    with Image.open(two_tone_mask(tmp_path / "mask.png", repaint, folder=tmp_path)) as toned:
        assert (toned.format, toned.mode) == ("PNG", "L")
        assert [toned.getpixel((x, 0)) for x in range(3)] == tones


def test_a_bomb_is_refused_by_its_announced_size(tmp_path: Path) -> None:
    """A small file may unpack to gigabytes and end the process."""
    picture = Picture(tmp_path / "gone.png", "png", 8_000, 5_001, 11)
    assert picture.width * picture.height > MAX_DECODED_PIXELS
    with pytest.raises(PictureTooLarge):
        fit_to_limit(picture, max_bytes=10, folder=tmp_path)


@pytest.mark.parametrize("side", [6_400, 9_600, 30_000])
def test_a_bomb_is_refused_by_its_real_size(tmp_path: Path, side: int) -> None:
    """What was announced may be a lie; Pillow warns at one size and stops at another."""
    plain = saved(tmp_path / "1.png", Image.new("1", (64, 64)), "PNG")
    data = bytearray(plain.path.read_bytes())
    data[16:24] = side.to_bytes(4) * 2  # PNG, IHDR: width and height
    data[29:33] = crc32(data[12:29]).to_bytes(4)
    plain.path.write_bytes(data)
    with pytest.raises(PictureTooLarge):
        fit_to_limit(plain, max_bytes=10, folder=tmp_path)


def test_what_cannot_be_made_small_enough_is_refused(tmp_path: Path) -> None:
    """No file is better than one that Discord answers with an error."""
    with pytest.raises(PictureTooLarge):
        fit_to_limit(saved(tmp_path / "1.png", noise(), "PNG"), max_bytes=10, folder=tmp_path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("kept", [0, 3, 20, 60, 0.3, 0.9])
def test_damage_is_named(tmp_path: Path, kind: str, kept: float) -> None:
    """A truncated picture must end in a sentence, not in a stack of Pillow's."""
    picture = saved(tmp_path / "1", noise(), kind)
    data = picture.path.read_bytes()
    picture.path.write_bytes(data[: int(kept if kept > 1 else kept * len(data))])
    with pytest.raises(PictureUnreadable):
        fit_to_limit(picture, max_bytes=1_000, folder=tmp_path)


@pytest.mark.parametrize(
    "data", [b"<html>", b"%!PS-Adobe-3.0", b"P6 2 2 255 " + bytes(12), bytes(100)]
)
def test_other_formats_are_never_opened(tmp_path: Path, data: bytes) -> None:
    """Pillow reads fifty formats; each is a way in."""
    (tmp_path / "1").write_bytes(data)
    picture = Picture(tmp_path / "1", "png", 10, 10, 10_000)
    with pytest.raises(PictureUnreadable):
        fit_to_limit(picture, max_bytes=100, folder=tmp_path)


@pytest.mark.parametrize(
    ("limit", "count"), [(10 * MIB, 1), (10 * MIB, 2), (10 * MIB, 10), (100 * MIB, 1), (MIB, 0)]
)
def test_files_share_one_request(limit: int, count: int) -> None:
    """Ten files of ten MiB each pass one by one and fail together: 25 MiB is the whole request."""
    each = max_bytes_each(limit, count)
    assert 0 < each <= limit
    assert each * count < 25 * MIB


def test_a_few_small_files_get_the_whole_limit() -> None:
    """Two files of ten MiB fit into one request."""
    assert max_bytes_each(10 * MIB, 2) == 10 * MIB
