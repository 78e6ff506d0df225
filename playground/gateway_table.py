"""The playground's gateways: the embedded painter in its three forms."""

from string import Template

from playground.painter.responses import CHAT_PAINTER, GRID_PAINTER, MASTER, MODEL

_TABLE = Template("""\
# Written by the playground at each start: the embedded painter.
[gateways.painter]
base_url = "$url"
models = ["$model", "$master"]
auth = "none"
stream = "sse"

[gateways.painter.abilities."$model"]
timeout_s = 120
usual_s = $usual_s

[gateways.painter.abilities."$master"]
label = "Easel's master"
price = 0
credits = { low = 1, medium = 2, high = 4, default = 2 }
qualities = ["low", "medium", "high"]
prompt_max = 4000
sizes = ["1024x1024", "1536x1024", "1024x1536"]
size_rule = { min_edge = 256, max_edge = 2048 }
max_n = 4
partial_images = 2
seed = {}
negative = {}
strength = {}
timeout_s = 120
usual_s = $usual_s

[gateways.painter.abilities."$master".references]
transport = "json_images_objects"
max_count = 5
max_bytes = 20_000_000
mask_max_bytes = 4_000_000

# Painting through chat completions, as OpenRouter offers it.
[gateways.painter-chat]
base_url = "$url"
models = ["$chat_painter"]
api = "chat"
auth = "none"
stream = "sse"
body = { modalities = ["image", "text"], image_config = { aspect_ratio = "{size}" } }

[gateways.painter-chat.abilities."$chat_painter"]
label = "Chat painter"
price = 0
prompt_max = 4000
auto = true
sizes = ["1:1", "3:2", "2:3", "16:9", "9:16"]
references = { max_count = 5, max_bytes = 20_000_000 }
timeout_s = 120
usual_s = $usual_s

# Tasks with buttons, as Midjourney's proxies have them.
[gateways.painter-tasks]
base_url = "$host"
models = ["$grid_painter"]
auth = "none"
async = { mode = "always" }
poll = { interval_s = 0.5, budget_s = 300 }
errors = { "3" = "model-unavailable", "23" = "rate-limited", "24" = "moderation" }

[gateways.painter-tasks.paths]
generate = "/mj/submit/imagine"
task = "/mj/task/{task_id}/fetch"
models = "/v1/models"

[gateways.painter-tasks.calls.generate]
path = "/mj/submit/imagine"
body = { prompt = "{prompt}[ --ar {size}]", botType = "MID_JOURNEY" }
gives = "grid"

[gateways.painter-tasks.calls.edit]
images = [1, 5]
path = "/mj/submit/imagine"
gives = "grid"

[gateways.painter-tasks.calls.edit.body]
prompt = "{prompt}[ --ar {size}]"
base64Array = ["{images:data}"]
botType = "MID_JOURNEY"

[gateways.painter-tasks.calls.blend]
images = [2, 5]
path = "/mj/submit/blend"
sizes = { "2:3" = "PORTRAIT", "1:1" = "SQUARE", "3:2" = "LANDSCAPE" }
body = { base64Array = ["{images:data}"], dimensions = "{size}", botType = "MID_JOURNEY" }
gives = "grid"

[gateways.painter-tasks.calls.describe]
path = "/mj/submit/describe"
body = { base64 = "{image:data}", botType = "MID_JOURNEY" }
gives = "text"
text = "properties.finalPrompt"

[gateways.painter-tasks.calls.shorten]
path = "/mj/submit/shorten"
body = { prompt = "{prompt}", botType = "MID_JOURNEY" }
gives = "text"
text = "properties.finalPrompt"

[gateways.painter-tasks.calls.seed]
method = "GET"
path = "/mj/task/{task}/image-seed"
gives = "value"
text = "result"

[gateways.painter-tasks.actions]
call = { path = "/mj/submit/action", body = { taskId = "{task}", customId = "{button}" } }
proposes = "properties.finalPrompt"
grid_if = "MJ::JOB::upsample::4::"
asks_back = ["21"]
expired = ["3"]
kinds = [
    { match = "MJ::JOB::upsample::", name = "pick", gives = "picture" },
    { match = "MJ::JOB::upsample_", name = "enlarge", gives = "picture" },
    { match = "MJ::JOB::variation::", name = "variation", gives = "grid" },
    { match = "MJ::JOB::reroll::", name = "again", gives = "grid" },
    { match = "MJ::JOB::low_variation::", name = "vary", gives = "grid" },
    { match = "MJ::JOB::high_variation::", name = "vary", gives = "grid" },
    { match = "MJ::JOB::pan_", name = "pan", gives = "grid" },
    { match = "MJ::Outpaint::", name = "zoom", gives = "grid" },
    { match = "MJ::CustomZoom::", name = "zoom", gives = "grid", asks = "prompt" },
    { match = "MJ::Inpaint::", name = "region", gives = "grid", asks = "mask" },
]

[gateways.painter-tasks.actions.modal]
path = "/mj/submit/modal"
body = { taskId = "{task}", prompt = "{prompt}", maskBase64 = "{mask-white:data}" }

[gateways.painter-tasks.abilities."$grid_painter"]
label = "Midjourney-like"
price = 0
prompt_flags = "native"
prompt_max = 4000
auto = true
sizes = ["1:1", "3:2", "2:3", "16:9", "9:16"]
references = { max_count = 5, max_bytes = 20_000_000 }
timeout_s = 120
usual_s = $usual_s
""")


def gateway_table(url: str, *, usual_s: float) -> str:
    """Return ``gateways.toml`` for the painter at ``url``, whose pictures usually take so long."""
    return _TABLE.substitute(
        url=url,
        host=url.removesuffix("/v1"),
        usual_s=usual_s,
        model=MODEL,
        master=MASTER,
        chat_painter=CHAT_PAINTER,
        grid_painter=GRID_PAINTER,
    )
