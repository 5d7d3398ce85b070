/*
 * job: one port at a time, between jobs.c and what is asked when Neutron does not know it (gone.c). Private to these two.
 */
#ifndef DPWATCH_NEUTRON_JOB_H
#define DPWATCH_NEUTRON_JOB_H

#include "forwarder.h"

#define TARGET_ROOM 160

struct job {
	struct forwarder *fw;
	struct neutron_job port;
	char id[PORT_ID_TEXT];
	char value[8]; /* what is to be sent: DOWN or ACTIVE */
	bool down;     /* that, or what the hash said last */
	bool sent;     /* Neutron took it */
	enum neutron_outcome outcome;
	int64_t retry_after_ms;
};

/* Ends the job: `value` is what Neutron has now, as far as is known; "": unknown. Each of these frees it, now or later. */
void job_end(struct job *job, const char *value);
/* It was not sent, for this reason. */
void job_fail(struct job *job, enum neutron_outcome outcome, const char *text);
/* Neutron said no, or said nothing. */
void job_fail_answer(struct job *job, const struct neutron_answer *answer);
/* No token: everything waits, until Keystone answers, or a person has mended the account. */
void job_fail_account(struct job *job, const struct neutron_answer *refusal);
/* Something that a person must mend: said when it is new, and shown at status. */
void job_tell_problem(struct forwarder *fw, const struct job *job, const char *text);

/* ---- gone.c ---- */

/* Neutron answers 404: is the port gone, or does the account not see it? */
void job_look_in_list(struct job *job);

#endif
