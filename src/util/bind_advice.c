#include "util/bind_advice.h"

#include <errno.h>

#define PRIVILEGED_PORTS 1024

const char *
bind_advice(int error, uint16_t port, bool is_stream)
{
	if (error == EACCES && port > 0 && port < PRIVILEGED_PORTS)
		return " (a port below 1024 needs root or CAP_NET_BIND_SERVICE)";
	if (error == EADDRINUSE)
		return is_stream ? " (another program has it: `ss -ltnp` tells which)"
				 : " (another program has it: `ss -lunp` tells which)";
	if (error == EADDRNOTAVAIL)
		return " (not an address of this machine)";
	return "";
}
