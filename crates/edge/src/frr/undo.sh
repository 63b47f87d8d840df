# Goes back to the configuration before, unless it was confirmed or taken back in the meantime:
# whoever renames the file first decides. Arguments: seconds, file, folder of the sockets.
sleep "$1"
mv "$2" "$2.running" 2>/dev/null || exit 0
vtysh --vty_socket "$3" -d bgpd -f "$2.running" && rm -f "$2.running"
