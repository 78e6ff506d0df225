# Easel in a container, as a user without rights; everything that lasts is in the volume /data.
#   docker build -t easel .
#   docker run -d --name easel --env-file .env -v easel:/data --stop-timeout 210 easel
# The stop time-out fits SHUTDOWN_GRACE (180 s): Docker's own 10 s would kill running jobs, which is
# as safe as a crash but loses time. In a compose file it is called stop_grace_period: 210s. Whoever
# raises SHUTDOWN_GRACE raises it as well.
# A GATEWAYS_FILE belongs into the volume, too: -v ./gateways.toml:/data/gateways.toml:ro
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1

WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY bot ./bot
COPY cogs ./cogs
COPY playground ./playground
RUN pip install --constraint constraints.txt . \
    && useradd --system --uid 10001 --user-group --no-create-home easel \
    && install --directory --owner=easel --group=easel --mode=0700 /data

# What the settings name by a relative path, such as DATA_DIR=data, lies in the volume.
WORKDIR /data
USER 10001:10001
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "bot"]
