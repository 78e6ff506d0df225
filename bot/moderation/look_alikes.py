"""Letters of other alphabets that look like the letters a to z.

From Unicode's ``confusables.txt`` (https://www.unicode.org/reports/tr39/, Unicode License v3): what
it maps to one such letter, maybe with a stroke through it. Also Latin small capitals, by their
names. Left out is what NFKC and the removal of diacritics already turn into that letter.
"""

LOOK_ALIKES = {
    "a": "ɑΑαАаᎪᴀꓮ",
    "b": "ƀƂƃƄɓʙΒБВЬѢѣҌҍᏏᏴꓐꞴ",
    "c": "ȼСсҪҫᏟᴄⲤⲥꓚꮯ",
    "d": "ÐĐđƉƌɖɗԁᎠᏧᴅꓒꓓ",
    "e": "ɆɇΕЕеҽҿᎬᴇꓰꬲ",
    "f": "ƑƒϜքᵮẝꓝꜰꞘꞙꬵ𝈓",
    "g": "ƍǤǥɠɡɢԌցᏀᏳᶃꓖ",
    "h": "ĦħɦʜΗНћҢһӇӉհᎻᏂⱧⲎꓧꚕ",
    "i": "ıƖɨɩɪΙιІіӀӏᎥᵻᵼꙇꭵ",
    "j": "ɈɉͿϳЈјᎫᴊꓙꞲ",
    "k": "ƙΚКҚҞᏦᴋⱩⲔꓗꝀ",
    "l": "ŁłƗƚǀɫɭʟᏞⲒⳐꓡꓲ𝈪",
    "m": "ΜϺМӍᎷᴍⲘꓟ",
    "n": "ƝƞɳɴΝηոռᵰⲚꓠ",
    "o": "ØøƟɵΘΟθοσОоѲѳӨөՕօᴏᴑⲞⲟꓳꝊꝋꬽꬾ𝈚",
    "p": "ƥΡρРрᏢᴘᵽⲢⲣꓑ",
    "q": "ʠԛգզꞯ",
    "r": "ƦɍɼɽʀгғᎡᏒᴦᵲⲅꓣꭇꭈꮁ𝈖",
    "s": "ƽʂЅѕՏᏕᏚᵴꓢꜱꮪ",
    "t": "ŦŧƭƮȾΤТҬᎢᴛᵵⲦꓔ",
    "u": "ɄʋυՍսᴜᵾꓴꞟꭎꭒ",
    "v": "νѴѵᏙᴠꓦꮩ𝈍",
    "w": "ɯѡѽԜԝաᎳᏔᴡꓪꝡꮃ",
    "x": "ΧХхҲⲬꓫꞳ",
    "y": "ƴɎɏɣʏΥγУуҮүҰұᎩᎽᶌỿⲨꓬꭚ",
    "z": "ƵƶȤȥʐΖᏃᴢᵶꓜꮓ𐋵",
}
"""By letter: the characters that look like it, or like its capital."""
