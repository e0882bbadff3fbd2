# The web server. `vectable migrate` and `vectable worker` are other commands of the same image.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

RUN useradd --create-home --uid 10001 vectable
WORKDIR /app

# The dependencies have a layer of their own: it stays when only the project changes.
COPY requirements.txt ./
RUN sed '/^\.$/d' requirements.txt > locked.txt && pip install --requirement locked.txt

COPY pyproject.toml README.md ./
COPY service ./service
COPY sql ./sql
RUN pip install --no-deps . && rm -r /app/*

USER vectable
# Reachable from outside the container: without VECTABLE_API_KEYS the server refuses to start.
ENV HOST=0.0.0.0 PORT=8080
EXPOSE 8080

HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=3 CMD \
    ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/readyz', timeout=4)"]

CMD ["gunicorn", "--config", "python:service.gunicorn_config", "service.wsgi:app"]
