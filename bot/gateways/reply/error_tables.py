"""What the codes, types and phrases of gateways' errors mean.

A gateway with another word needs one more entry in a table below; codes that mean something else
elsewhere belong into the ``errors`` table of that gateway.
"""

import re

from bot.core.errors.gateway import GatewayErrorKind as Kind

KINDS_BY_CODE = {
    "moderation_blocked": Kind.MODERATION,
    "content_policy_violation": Kind.MODERATION,
    "content_filter": Kind.MODERATION,
    "content_moderation": Kind.MODERATION,
    "contentfilter": Kind.MODERATION,
    "image_content_policy_violation": Kind.MODERATION,
    "prompt_blocked": Kind.MODERATION,
    "refusal": Kind.MODERATION,
    "sensitive_words_detected": Kind.MODERATION,
    "responsibleaipolicyviolation": Kind.MODERATION,
    "datainspectionfailed": Kind.MODERATION,
    "inputtextsensitivecontentdetected": Kind.MODERATION,
    "inputimagesensitivecontentdetected": Kind.MODERATION,
    "outputimagesensitivecontentdetected": Kind.MODERATION,
    "insufficient_quota": Kind.QUOTA,
    "insufficient_user_quota": Kind.QUOTA,
    "insufficient_balance": Kind.QUOTA,
    "pre_consume_token_quota_failed": Kind.QUOTA,
    "billing_hard_limit_reached": Kind.QUOTA,
    "payment_required": Kind.QUOTA,
    "accountoverdue": Kind.QUOTA,
    "arrearage": Kind.QUOTA,
    "rate_limit_exceeded": Kind.RATE_LIMITED,
    "rate_limit_error": Kind.RATE_LIMITED,
    "too_many_requests": Kind.RATE_LIMITED,
    "overloaded_error": Kind.RATE_LIMITED,
    "provider_overloaded": Kind.RATE_LIMITED,
    "server_overloaded": Kind.RATE_LIMITED,
    "engine_overloaded": Kind.RATE_LIMITED,
    "model_overloaded": Kind.RATE_LIMITED,
    "model_not_found": Kind.MODEL_UNAVAILABLE,
    "api_not_implemented": Kind.MODEL_UNAVAILABLE,
    "get_channel_failed": Kind.MODEL_UNAVAILABLE,
    "channel:no_available_key": Kind.MODEL_UNAVAILABLE,
    "no_available_channel": Kind.MODEL_UNAVAILABLE,
    "no_available_account": Kind.MODEL_UNAVAILABLE,
    "invalid_api_key": Kind.AUTH,
    "authentication_error": Kind.AUTH,
    "permission_error": Kind.AUTH,
    "unknown_parameter": Kind.INVALID_REQUEST,
    "unsupported_parameter": Kind.INVALID_REQUEST,
    "missing_required_parameter": Kind.INVALID_REQUEST,
    "invalid_value": Kind.INVALID_REQUEST,
    "bad_response_status_code": Kind.UPSTREAM,
    "do_request_failed": Kind.UPSTREAM,
    # Of a `base_resp`, whose codes are numbers.
    "base_resp:1002": Kind.RATE_LIMITED,
    "base_resp:1004": Kind.AUTH,
    "base_resp:1008": Kind.QUOTA,
    "base_resp:1026": Kind.MODERATION,
    "base_resp:1027": Kind.MODERATION,
    "base_resp:1039": Kind.RATE_LIMITED,
    "base_resp:1041": Kind.RATE_LIMITED,
    "base_resp:2013": Kind.INVALID_REQUEST,
    "base_resp:2049": Kind.AUTH,
    "base_resp:2056": Kind.QUOTA,
}
# As a code these mean that no work began, whatever the status is.
NEVER_BILLED = {
    Kind.AUTH,
    Kind.QUOTA,
    Kind.RATE_LIMITED,
    Kind.MODEL_UNAVAILABLE,
    Kind.INVALID_REQUEST,
}


def _phrases(*phrases: tuple[str, Kind]) -> tuple[tuple[re.Pattern[str], Kind], ...]:
    return tuple((re.compile(phrase, re.IGNORECASE), kind) for phrase, kind in phrases)


DECLINED_PHRASES = _phrases(
    (
        r"safety (?:system|check)|banned.prompt|moderat(?:ion|ed|ors?\b)|content.?policy"
        r"|image denied|output filters?\b|flagged as|community standards|敏感|违规|审核",
        Kind.MODERATION,
    ),
)
# With a status of 500 and above only these are certain: gateways say them before any work begins.
CERTAIN_PHRASES = re.compile(
    r"insufficient(?: user| account)? (?:quota|balance|credits?|funds)|quota is not enough|预扣费"
    r"|(?:余额|额度|配额|点数|积分)\S{0,4}(?:不足|用尽|耗尽|不够)|欠费"
    r"|无可用(?:的)?(?:渠道|账号)|no available (?:channel|account)|负载\S{0,4}饱和",
    re.IGNORECASE,
)
# They say that no work began.
UNBEGUN_PHRASES = _phrases(
    (
        r"(?:insufficient|not enough|out of).{0,20}[ _](?:quota|balance|credits?|funds)"
        r"|(?:quota|balance|credits?|funds)[ _](?:is |are )?(?:not[ _]enough|insufficient|used up)"
        r"|credits exhausted|subscription (?:required|paused)|plan cancell?ed"  # Midjourney's
        r"|exceeded.{0,20} quota|plan and billing|billing.{0,6} limit|account.{0,20} overdue"
        r"|(?:余额|额度|配额|点数|积分)\S{0,4}(?:不足|用尽|耗尽|不够|失败)|欠费|请\S{0,4}充值",
        Kind.QUOTA,
    ),
    (
        r"(?:incorrect|invalid) api key|api key (?:is )?(?:not valid|invalid|incorrect|expired)",
        Kind.AUTH,
    ),
    (
        r"overloaded|server is busy|at capacity|负载\S{0,4}(?:饱和|过高|较高)|系统繁忙|服务器?繁忙",
        Kind.RATE_LIMITED,
    ),
    (
        r"无可用(?:的)?(?:渠道|账号)|no available (?:channel|account)"
        r"|\bmodel:? ?[`'\"]?[\w./:-]{0,80}[`'\"]? (?:was |is )?"
        r"(?:not found|does not exist|not exist)"
        r"|\bmodel (?:is )?disabled|模型\S{0,40}不存在",
        Kind.MODEL_UNAVAILABLE,
    ),
)
# They may be about something that happened while the work went on.
VAGUE_PHRASES = _phrases(
    (r"billing", Kind.QUOTA),
    (r"rate.?limit|too many requests|请求过于频繁", Kind.RATE_LIMITED),
)
# What vendors also say of accounts, with other statuses.
DECLINED = re.compile(
    r"responsible ai|content exists risk|usage guidelines"
    r"|(?:sensitive|inappropriate) (?:content|information)",
    re.IGNORECASE,
)

SUCCESS_CODES = frozenset(
    {"", "success", "succeed", "succeeded", "ok", "0", "1", "200", "201", "202"}
    | {"22"}  # midjourney-proxy: queued
)
