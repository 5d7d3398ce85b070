/*
 * neutron_box: a sandbox with a Neutron (the stub tests/lib/neutron_stub.py) and dpwatch-neutron beside it.
 *
 * The map: N ports "00000000-0000-4000-8000-%012d", the first ones on leaf1:Ethernet1/1, the others on Ethernet1/2.
 */
#ifndef DPWATCH_TESTS_LIB_NEUTRON_BOX_H
#define DPWATCH_TESTS_LIB_NEUTRON_BOX_H

#include "lib/sandbox.h"

#define NEUTRON_ID "00000000-0000-4000-8000-%012d"

/* Lines of [neutron] where all ports may go down at once: what is tested is not the brake. What dies is soon inherited. */
#define NO_BRAKE "max_down = 100%\nreconcile_every = off\ntake_over = 2s\n"

struct neutron_box {
	struct sandbox sandbox;
	char control[SANDBOX_PATH], log[SANDBOX_PATH];
	char url[64]; /* of the stub */
	int n_ports;
	struct process stub;
	struct process forwarders[3];
};

/*
 * Starts daemon and stub with `first` ports on Ethernet1/1 and `second` on Ethernet1/2, all of them null in Neutron. `lines`
 * are added to [neutron]. The account is auth type none.
 */
void neutron_box_begin(struct neutron_box *box, int first, int second, const char *lines);
void neutron_box_end(struct neutron_box *box);

/*
 * The stub anew, over TLS, with the certificate of lib/pki in the sandbox's folder (for 127.0.0.1, not for names); `lines` are
 * what [neutron] has now. The account is the password at its Keystone.
 */
void neutron_box_secure(struct neutron_box *box, const char *lines);

/* Starts dpwatch-neutron number i, and waits until it has compared. */
void neutron_box_start(struct neutron_box *box, int i);
/* Only starts it. */
void neutron_box_launch(struct neutron_box *box, int i);
void neutron_box_stop(struct neutron_box *box, int i); /* SIGTERM: must end with 0 */

/* The account: a password at the stub's Keystone. */
void neutron_box_password(const struct neutron_box *box, const char *password);

/* What the stub is told (see there), with ' for ". */
void neutron_box_tell(const struct neutron_box *box, const char *json);

/* What the stub tells: a new reference. */
json_t *neutron_box_seen(const struct neutron_box *box);
json_int_t neutron_box_number(const struct neutron_box *box, const char *name);
/* How many PUTs it took, of this port (0: of all). */
int neutron_box_puts(const struct neutron_box *box, int port);
/* How many ports have this data_plane_status ("DOWN", "ACTIVE"; NULL: null). */
int neutron_box_count(const struct neutron_box *box, const char *value);

/* A text or number of `dpwatch-neutron status -o json`, of the first instance or of the whole. */
bool neutron_box_problem_has(const struct neutron_box *box, const char *text);
bool neutron_box_state_is(const struct neutron_box *box, const char *state);
/* All that was decided has been read by an instance. */
bool neutron_box_read(const struct neutron_box *box);
/* All that was decided has been sent and acknowledged. */
bool neutron_box_settled(const struct neutron_box *box);
bool neutron_box_log_has(const struct neutron_box *box, const char *text);

#endif
