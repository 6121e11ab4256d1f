#!/bin/sh
# After a removal. Only "purge" takes away the folder of credentials, with what is in it.
set -e
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
if [ "$1" = purge ]; then
  rm -rf /etc/msgraph_security_exporter
fi
