#!/usr/bin/env bash
# Snakemake runs this in the new environment, from the working directory: the repository is found
# from there, or named by POINTCLIP_REPOSITORY if the workflow runs elsewhere.
set -euo pipefail
python -m pip install --quiet --no-deps --no-build-isolation --disable-pip-version-check \
  -e "${POINTCLIP_REPOSITORY:-.}"
