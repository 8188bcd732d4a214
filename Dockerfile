# compt with the torch of PyPI: docker build -t compt . && docker run --rm -v "$PWD:/work" compt run study.lua
FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3-pip && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN make wheel

FROM python:3.12-slim-bookworm
ARG PIP_INDEX_URL
COPY --from=build /src/dist/*.whl /tmp/
RUN pip install --no-cache-dir /tmp/compt-*.whl && rm /tmp/compt-*.whl
WORKDIR /work
ENTRYPOINT ["compt"]
