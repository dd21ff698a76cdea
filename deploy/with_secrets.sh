#!/usr/bin/env bash
# Run a command with the secrets of deploy/compose.yaml: each file that is named after a variable becomes that variable.
set -euo pipefail

for file in /run/secrets/*; do
  name=${file##*/}
  case $name in
    AIRFLOW_* | TELECO_*) export "$name=$(<"$file")" ;;
    # Airflow opens this file for writing, and a secret cannot be written.
    passwords.json) (umask 077 && cp "$file" "$AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE") ;;
  esac
done
exec "$@"
