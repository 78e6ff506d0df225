# Easel in a container, as a user without rights; everything that lasts is in the volume /data.
# compose.yaml runs it; docs/install.md says how. Without compose:
#   docker build -t easel .
#   docker run -d --name easel --env-file .env -v easel:/data --stop-timeout 210 easel
# The stop time-out fits SHUTDOWN_GRACE (180 s): Docker's own 10 s would kill running jobs, which is
# as safe as a crash but loses time. Whoever raises SHUTDOWN_GRACE raises it as well.
# A GATEWAYS_FILE belongs into the volume, too: -v ./gateways.toml:/data/gateways.toml:ro
FROM docker.io/library/python:3.11-slim AS build

# Such as [postgres]: what else is installed (README.md).
ARG EXTRAS=""
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY bot ./bot
COPY cogs ./cogs
COPY playground ./playground
# Only Easel and what it needs is in /opt/easel: no pip, no source, no build tool.
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && python -m venv --without-pip /opt/easel \
    && pip --python /opt/easel/bin/python install --no-cache-dir --constraint constraints.txt \
        "$(echo /wheels/*.whl)$EXTRAS"

FROM docker.io/library/python:3.11-slim

ENV PATH=/opt/easel/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1

COPY --from=build /opt/easel /opt/easel
RUN useradd --uid 10001 --user-group --no-create-home --no-log-init easel \
    && install --directory --owner=easel --group=easel --mode=0700 /data

# What the settings name by a relative path, such as DATA_DIR=data, lies in the volume.
WORKDIR /data
USER 10001:10001
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "bot"]
