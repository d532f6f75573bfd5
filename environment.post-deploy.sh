#!/usr/bin/env bash
# Snakemake runs this in the new environment, after it has read the rules: these say in
# POINTCLIP_PACKAGE which library they use. That of a clone stays where it is, so that changes count;
# one from a wheel, which is all Python, is copied.
set -euo pipefail
clone=$(dirname "$POINTCLIP_PACKAGE")
if [ -f "$clone/pyproject.toml" ]; then
  python -m pip install --quiet --no-deps --no-build-isolation --disable-pip-version-check -e "$clone"
else
  packages=$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  cp -R "$POINTCLIP_PACKAGE" "$packages/"
fi
