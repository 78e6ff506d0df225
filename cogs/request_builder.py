"""Build image requests from options, check the server's access rules and submit the jobs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.models import ImageOptions, ImageRequest, Job, Reference, Requester
from bot.core.operations import Operation
from bot.core.task_actions import TaskAction
from bot.discord_ui.caller import CallerContext
from bot.discord_ui.uploads import is_spoiler
from bot.gateways.age_restriction import AgeRestriction
from bot.gateways.catalogue import Catalogue
from bot.images.references import NO_ATTACHMENTS, Attachments, Upload
from bot.jobs.courier import Courier
from bot.jobs.job_lookup import ReferencesNeverKept
from bot.jobs.service import JobService
from bot.preferences.access_rules import allowed_models, check_access, check_controls, check_model
from bot.preferences.option_resolution import resolve_operation, resolve_options
from bot.preferences.preference_store import PreferenceStore
from bot.preferences.preset_lookup import PresetLookup


@dataclass(frozen=True, slots=True)
class Masked:
    """A mask that somebody attached, and the kept picture that it lies over."""

    picture: Reference
    mask: Upload


class RequestBuilder:
    """Builds and submits the requests of commands, buttons, forms and reactions."""

    def __init__(
        self,
        *,
        job_service: JobService,
        catalogue: Catalogue,
        preference_store: PreferenceStore,
        presets: PresetLookup,
        age_restriction: AgeRestriction,
    ) -> None:
        self._job_service = job_service
        self._catalogue = catalogue
        self._preference_store = preference_store
        self._presets = presets
        self.age_restriction = age_restriction

    @property
    def model_names(self) -> tuple[str, ...]:
        """Return the offered models, in the operator's order."""
        return tuple(model.name for model in self._catalogue.models)

    async def submit(
        self,
        options: ImageOptions,
        caller: CallerContext,
        courier: Courier,
        *,
        preset: str | None = None,
        attached: Attachments = NO_ATTACHMENTS,
        references: Sequence[Reference] = (),
        mask: Reference | None = None,
        parent: str | None = None,
    ) -> Job:
        """Submit a request: the options, over a preset and everybody's defaults.

        ``references`` and ``mask`` are those that an earlier job kept; what is ``attached`` comes
        after them. ``parent`` is the id of the job that this one comes from; what comes from a
        private job is private, and what comes from a spoiler is one: the card shows its thumbnail.

        Raises:
            EaselError: nobody was charged, no card is shown; the sentence says what to do.
        """
        settings = self._preference_store.server(caller.requester.server_id)
        check_access(settings, caller.requester)
        count = len(references) + len(attached.pictures)
        options = self.resolve(options, caller, preset=preset, references=count)
        request = self._check(
            options,
            caller,
            references=count,
            mask=mask is not None or attached.mask is not None,
        )
        origin = None if parent is None else await self._job_service.find(parent)
        private = caller.alone and (
            bool(options.private) or (origin is not None and origin.private)
        )
        hidden = (origin is not None and origin.spoiler) or any(map(is_spoiler, attached.pictures))
        request = replace(
            request, references=tuple(references), mask=mask, moderation=settings.moderation
        )
        return await self._job_service.submit(
            request,
            caller.requester,
            courier,
            attached=attached,
            locale=caller.locale if private else caller.public_locale,
            parent=parent,
            private=private,
            spoiler=bool(options.spoiler) or hidden,
        )

    async def repeat(
        self,
        job: Job,
        caller: CallerContext,
        courier: Courier,
        *,
        attached: Attachments = NO_ATTACHMENTS,
    ) -> Job:
        """Submit an earlier job's request once more, with a new seed; only the access rules apply.

        It is private or a spoiler where that job was, or where the caller wants all of theirs to
        be; a spoiler also where the server does.

        Raises:
            EaselError: as ``submit`` does.
        """
        settings = self._preference_store.server(caller.requester.server_id)
        check_access(settings, caller.requester)
        check_controls(settings, caller.requester, job)
        check_model(settings, job.request.model, offered=self.model_names)
        _check_mask_kept(job.request, attached)
        self._catalogue.check_operation(job.request)
        person = self._preference_store.person(caller.requester.user_id)
        private = caller.alone and (job.private or bool(person.private))
        usual = person.options.with_defaults(settings.options)
        return await self._job_service.submit(
            replace(job.request.repeated(), moderation=settings.moderation),
            caller.requester,
            courier,
            attached=attached,
            locale=caller.locale if private else caller.public_locale,
            parent=job.id,
            private=private,
            spoiler=job.spoiler or bool(usual.spoiler),
        )

    async def act(
        self,
        action: TaskAction,
        prompt: str,
        job: Job,
        caller: CallerContext,
        courier: Courier,
        *,
        masked: Masked | None = None,
    ) -> Job:
        """Submit an action on a task of an earlier job, with the job's prompt or another one.

        Raises:
            EaselError: as ``submit`` does.
        """
        request = ImageRequest(
            prompt, job.request.model, job.request.size, 1, quality=job.request.quality
        )
        references = (masked.picture,) if masked else ()
        acting = replace(job, request=replace(request, action=action, references=references))
        attached = Attachments(mask=masked.mask) if masked else NO_ATTACHMENTS
        return await self.repeat(acting, caller, courier, attached=attached)

    async def enlarge(
        self, picture: Reference, model: str, job: Job, caller: CallerContext, courier: Courier
    ) -> Job:
        """Submit the enlargement of one of an earlier job's pictures, with the job's prompt.

        Raises:
            EaselError: as ``submit`` does.
        """
        request = ImageRequest(
            job.request.prompt, model, "auto", 1, references=(picture,), operation="upscale"
        )
        return await self.repeat(replace(job, request=request), caller, courier)

    def check(
        self,
        options: ImageOptions,
        caller: CallerContext,
        *,
        preset: str | None = None,
        references: int = 0,
        mask: bool = False,
    ) -> ImageRequest:
        """Return what would be requested, without the pictures that came with it.

        Raises:
            Refusal: an option is wrong, or the server does not allow the model.
        """
        options = self.resolve(options, caller, preset=preset, references=references)
        return self._check(options, caller, references=references, mask=mask)

    def _check(
        self, options: ImageOptions, caller: CallerContext, *, references: int, mask: bool
    ) -> ImageRequest:
        model = options.model or self._catalogue.default.name
        settings = self._preference_store.server(caller.requester.server_id)
        check_model(settings, model, offered=self.model_names)
        self.age_restriction.check(model, caller.requester)
        return self._catalogue.build_request(options, references=references, mask=mask)

    def allowed_models(self, server_id: int) -> tuple[str, ...]:
        """Return the models that may be used in a server, in the operator's order."""
        return allowed_models(self._preference_store.server(server_id), self.model_names)

    def models_for(
        self, requester: Requester, operation: Operation | None = None
    ) -> tuple[str, ...]:
        """Return those of them that may paint in the channel where somebody asks.

        With an ``operation``, those that have it.
        """
        allowed = self.allowed_models(requester.server_id)
        if operation:
            able = {model.name for model in self._catalogue.models_with(operation)}
            allowed = tuple(name for name in allowed if name in able)
        return tuple(name for name in allowed if self.age_restriction.allows(name, requester))

    def resolve(
        self,
        options: ImageOptions,
        caller: CallerContext,
        *,
        preset: str | None = None,
        references: int = 0,
    ) -> ImageOptions:
        """Return the options, completed by the preset, the person, the server and the operator.

        A preset's strength is left out where there are no ``references`` to depart from.

        Raises:
            NoSuchPreset, PromptEmpty
        """
        who, saved = caller.requester, ImageOptions()
        server = self._preference_store.server(who.server_id)
        if options.operation:
            return resolve_operation(
                options,
                person=self._preference_store.person(who.user_id).options,
                server=server.options,
                models=self.models_for(who, options.operation),
            )
        if preset:
            saved = self._presets.options(who.user_id, who.server_id, preset)
        return resolve_options(
            options,
            preset=saved,
            person=self._preference_store.person(who.user_id).options,
            server=server.options,
            models=self.models_for(who),
            supports=self._catalogue.supports,
            read_flags=self._catalogue.read_flags,
            references=references,
        )


def _check_mask_kept(request: ImageRequest, attached: Attachments) -> None:
    """Raise ReferencesNeverKept where an action changes a region, and its mask is nowhere.

    Its job ended before the mask was kept. Its picture was kept before.
    """
    if request.action and request.references and not (request.mask or attached.mask):
        raise ReferencesNeverKept
