#!/bin/sh
# After an installation ("configure" without a version, or 1) and an upgrade.
set -e
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  case "$1:$2" in
    configure:|1:*) ;;
    *) systemctl try-restart msgraph-security-exporter.service ;;
  esac
fi
