/*
 * stats: every counter of the daemon, by name (core). One place, so that `status` and /metrics show all of them.
 *
 * A counter's name is "group.name"; /metrics writes dpwatch_group_name_total. Counters only grow.
 */
#ifndef DPWATCH_CORE_STATS_H
#define DPWATCH_CORE_STATS_H

#include <stdint.h>

#define STATS(X)                                                                                   \
	X(TRAP_RECEIVED, "trap.received", "datagrams on SNMP listeners")                           \
	X(TRAP_EVENT, "trap.event", "traps that are link events")                                  \
	X(TRAP_INFORM, "trap.inform", "of all, INFORMs")                                           \
	X(TRAP_INFORM_ANSWERED, "trap.inform-answered", "INFORMs answered")                        \
	X(TRAP_INFORM_DROPPED, "trap.inform-dropped",                                              \
	    "INFORMs not answered because too many wait")                                          \
	X(TRAP_MALFORMED, "trap.malformed", "datagrams that are not SNMP, or cut")                 \
	X(TRAP_BAD_COMMUNITY, "trap.bad-community", "wrong or unknown community")                  \
	X(TRAP_BAD_VERSION, "trap.bad-version",                                                    \
	    "a version that is not accepted (SNMPv3 without users)")                               \
	X(TRAP_NOT_A_TRAP, "trap.not-a-trap", "SNMP requests and answers, which are not for us")   \
	X(TRAP_LOW_LEVEL, "trap.low-level",                                                        \
	    "messages below min_level, or below what their user is configured for")                \
	X(TRAP_REPORTS, "trap.reports", "Reports sent to senders of SNMPv3 messages")              \
	X(TRAP_V3_UNKNOWN_ENGINE, "trap.unknown-engine",                                           \
	    "SNMPv3 messages for an engine that is not ours: mostly discovery")                    \
	X(TRAP_V3_UNKNOWN_USER, "trap.unknown-user", "SNMPv3 messages of unknown users")           \
	X(TRAP_V3_WRONG_DIGEST, "trap.wrong-digest",                                               \
	    "SNMPv3 messages that are not authentic: a wrong password, or damaged")                \
	X(TRAP_V3_NOT_IN_TIME, "trap.not-in-time",                                                 \
	    "authentic SNMPv3 messages of another time: replayed, or boots went backwards")        \
	X(TRAP_V3_UNSUPPORTED_LEVEL, "trap.unsupported-level",                                     \
	    "SNMPv3 messages above what their user is configured for")                             \
	X(TRAP_V3_NOT_DECRYPTED, "trap.not-decrypted",                                             \
	    "authentic SNMPv3 messages that cannot be read: a wrong privacy secret or protocol")   \
	X(TRAP_V3_LIMITED, "trap.limited",                                                         \
	    "SNMPv3 messages of unknown engines, more than are looked at")                         \
	X(TRAP_V3_EVICTED, "trap.engines-evicted",                                                 \
	    "SNMPv3 engines forgotten because too many are known")                                 \
	X(TRAP_ENGINE_MISMATCH, "trap.engine-mismatch",                                            \
	    "authenticated engines of another switch than the one at their address")               \
	X(TRAP_INFORM_EXPIRED, "trap.inform-expired",                                              \
	    "answers to SNMPv3 INFORMs that waited longer than their time window")                 \
	X(TRAP_CONNECTIONS, "trap.connections", "TCP connections accepted")                        \
	X(TRAP_REFUSED_CONNECTIONS, "trap.connections-refused", "TCP connections beyond 512")      \
	X(TRAP_DISPLACED_CONNECTIONS, "trap.connections-displaced",                                \
	    "TCP connections of a host with more than half of them, closed for another's")         \
	X(TRAP_BAD_FRAME, "trap.bad-frame",                                                        \
	    "TCP connections closed because no message began where one must")                      \
	X(TRAP_NOT_ALLOWED, "trap.not-allowed", "senders outside `allow`")                         \
	X(TRAP_NOT_OURS, "trap.not-ours", "traps that are no link event")                          \
	X(TRAP_NO_INTERFACE, "trap.no-interface", "link traps that name no interface")             \
	X(TRAP_CONTRADICTS_ITSELF, "trap.not-up", "linkUp whose ifOperStatus is not up")           \
	X(TRAP_BAD_VARBIND, "trap.bad-varbind", "link traps with an OID or value out of bounds")   \
	X(TRAP_CUT, "trap.varbinds-cut",                                                           \
	    "traps with more than 128 varbinds, of which the first 128 were read")                 \
	X(TRAP_DUPLICATE, "trap.duplicate", "the same datagram again within 150 s")                \
	X(TRAP_FORGOTTEN, "trap.forgotten",                                                        \
	    "datagrams of the last 150 s whose repetition would not be noticed: too many came")    \
	X(TRAP_KERNEL_DROPS, "trap.kernel-drops", "datagrams that the kernel dropped")             \
	X(TRAP_AHEAD, "trap.received-ahead",                                                       \
	    "datagrams queued while a burst filled the kernel's buffer")                           \
	X(SYSLOG_RECEIVED, "syslog.received", "syslog messages received")                          \
	X(SYSLOG_EVENT, "syslog.event", "lines that are link events")                              \
	X(SYSLOG_EMPTY, "syslog.empty", "empty messages")                                          \
	X(SYSLOG_NOT_ALLOWED, "syslog.not-allowed", "senders outside `allow`")                     \
	X(SYSLOG_NO_RULE, "syslog.no-rule", "lines that no rule knows")                            \
	X(SYSLOG_SUSPECT, "syslog.suspect",                                                        \
	    "lines that no rule knows, but that hold link or down")                                \
	X(SYSLOG_IGNORED, "syslog.ignored", "lines that a rule says to ignore")                    \
	X(SYSLOG_VIRTUAL, "syslog.virtual", "lines about VLANs, loopbacks, tunnels and units")     \
	X(SYSLOG_LIMIT, "syslog.limit", "lines given up at the match limit")                       \
	X(SYSLOG_MEMBERSHIP, "syslog.membership", "lines about a port that joined or left a LAG")  \
	X(SYSLOG_CAUSE, "syslog.cause", "lines about a cause, whose link line follows")            \
	X(SYSLOG_NEIGHBOUR, "syslog.neighbour", "lines about a protocol's neighbour")              \
	X(SYSLOG_QUOTED, "syslog.quoted", "lines that quote a link line")                          \
	X(SYSLOG_REPEAT, "syslog.repeat", "\"last message repeated\"")                             \
	X(SYSLOG_CUT, "syslog.cut", "lines that may have been cut at what matters: refused")       \
	X(SYSLOG_CONNECTIONS, "syslog.connections", "stream connections accepted")                 \
	X(SYSLOG_REFUSED_CONNECTIONS, "syslog.connections-refused",                                \
	    "stream connections beyond max_connections")                                           \
	X(SYSLOG_DISPLACED_CONNECTIONS, "syslog.connections-displaced",                            \
	    "stream connections of a host with more than half of them, closed for another's")      \
	X(SYSLOG_BAD_FRAME, "syslog.bad-frame", "stream connections closed for an absurd count")   \
	X(SYSLOG_HALF_MESSAGE, "syslog.half-message",                                              \
	    "messages of which a stream had brought only a part when it ended")                    \
	X(SYSLOG_TLS_REFUSED, "syslog.tls-refused",                                                \
	    "connections whose TLS handshake failed or took too long: the log says why")           \
	X(SYSLOG_KERNEL_DROPS, "syslog.kernel-drops", "datagrams that the kernel dropped")         \
	X(SYSLOG_AHEAD, "syslog.received-ahead",                                                   \
	    "datagrams queued while a burst filled the kernel's buffer")                           \
	X(EVENT_UNKNOWN_SENDER, "event.unknown-sender",                                            \
	    "events from senders that are not in the map")                                         \
	X(EVENT_SOURCE_REFUSED, "event.source-refused",                                            \
	    "events from a source that the switch's `sources` excludes")                           \
	X(EVENT_CHANGED, "event.changed", "events that changed an interface")                      \
	X(EVENT_LEARNT, "event.learnt", "events that told more of an unchanged interface")         \
	X(EVENT_NO_CHANGE, "event.no-change", "events that said nothing new")                      \
	X(EVENT_NO_INTERFACE, "event.no-interface",                                                \
	    "events whose interface cannot be found or kept")                                      \
	X(EVENT_VIRTUAL, "event.virtual",                                                          \
	    "events about units, VLANs and other virtual interfaces")                              \
	X(EVENT_IGNORED_ADMIN, "event.ignored-admin", "admin words under admin_down = ignore")     \
	X(EVENT_RESTART, "event.restart", "restarts of switches")                                  \
	X(EVENT_DOUBT, "event.doubt", "events that made interfaces uncertain or refined a reason") \
	X(EVENT_STALE, "event.stale", "traps older than what is known")                            \
	X(EVENT_LATE, "event.late", "syslog lines older than what is known")                       \
	X(EVENT_ECHO, "event.echo", "events that another source had told already")                 \
	X(EVENT_WAITS, "event.waits",                                                              \
	    "events that wait: at odds with another source, boot_settle, admin_down = ignore")     \
	X(BUCKET_OVER, "bucket.over",                                                              \
	    "times that a switch was over its bucket while work was queued")                       \
	X(BUCKET_HELD, "bucket.held", "words of such switches that counted later")                 \
	X(BUCKET_FOLDED, "bucket.folded",                                                          \
	    "words of such switches in whose place a later one of the same interface counted")     \
	X(BUCKET_DROPPED, "bucket.dropped",                                                        \
	    "words of such switches about no interface that is known, doubts and hints")           \
	X(DAMPENING_SUPPRESSED, "dampening.suppressed",                                            \
	    "times that a flapping interface was held down")                                       \
	X(DAMPENING_WOULD_SUPPRESS, "dampening.would-suppress",                                    \
	    "times that one would have been (dampening = observe)")                                \
	X(OUT_TOGGLES, "out.toggles", "toggles handed to Redis")                                   \
	X(OUT_LINK_EVENTS, "out.link-events", "interface transitions handed to Redis")             \
	X(OUT_REDUNDANCY, "out.redundancy", "redundancy entries handed to Redis")                  \
	X(OUT_BATCHES, "out.batches", "batches sent")                                              \
	X(OUT_RESENT, "out.batches-resent", "batches sent again after a broken connection")        \
	X(OUT_REFUSED_PORTS, "out.refused-ports",                                                  \
	    "toggles and reports whose port key in Redis is unusable")                             \
	X(OUT_TOLD_LATE, "out.told-late", "ports told when their keys were of use again")          \
	X(OUT_REFUSED_UNWATCHED, "out.refused-unwatched",                                          \
	    "refused ports that are not told later: 1,024 others wait for that")                   \
	X(OUT_DOWN_SETS, "out.down-sets",                                                          \
	    "times that the down set was written anew, because somebody else had changed it")      \
	X(OUT_FOLDED, "out.folded",                                                                \
	    "toggles folded because Redis was away too long, or lost its data before it had them") \
	X(JOURNAL_BATCHES, "journal.batches", "batches written to the journal")                    \
	X(JOURNAL_WRITES, "journal.writes", "writes of the journal")                               \
	X(JOURNAL_SYNCS, "journal.syncs",                                                          \
	    "syncs of the journal: only what waits for a Redis that is away or slow is synced")    \
	X(JOURNAL_FAILURES, "journal.failures", "writes and syncs of the journal that failed")     \
	X(JOURNAL_RECOVERED, "journal.recovered",                                                  \
	    "batches that an earlier start left in the journal, and that were sent on")            \
	X(JOURNAL_FOREIGN, "journal.foreign",                                                      \
	    "batches of a journal that belongs to another Redis: set aside")                       \
	X(JOURNAL_TORN, "journal.torn-bytes", "bytes of torn tails, cut off the journal")          \
	X(JOURNAL_CORRUPT, "journal.corrupt-bytes", "bytes in the journal that are no good frame") \
	X(REDIS_SLOW, "redis.slow", "times that Redis left a batch unanswered for 100 ms")         \
	X(REDIS_CONNECTS, "redis.connects", "connections to Redis made")                           \
	X(REDIS_FAILURES, "redis.failures", "connections to Redis failed or lost")                 \
	X(TOPOLOGY_LOADS, "topology.loads", "snapshots taken")                                     \
	X(TOPOLOGY_REFUSED, "topology.refused", "snapshots refused")                               \
	X(TOPOLOGY_WORKER_FAILED, "topology.worker-failed",                                        \
	    "loads and dumps whose process ended without an answer")                               \
	X(POLL_REQUESTS, "poll.requests", "requests sent to switches, repetitions apart")          \
	X(POLL_ANSWERS, "poll.answers", "answers of switches")                                     \
	X(POLL_EVENT, "poll.event", "rows of answers that say up or down")                         \
	X(POLL_STALE, "poll.stale",                                                                \
	    "rows that somebody had spoken of since they were asked for, or only just before")     \
	X(POLL_STRAY, "poll.stray",                                                                \
	    "datagrams to the poller that answer nothing: late, repeated, damaged or forged")      \
	X(POLL_SILENT, "poll.silent", "jobs that ended without an answer")                         \
	X(POLL_FULL, "poll.full", "interface tables longer than what is read of one")              \
	X(DISCOVER_ANSWERED, "discover.answered", "switches that told of themselves when asked")   \
	X(DISCOVER_FAILED, "discover.failed", "switches that were asked and did not")              \
	X(POLL_CLOSED, "poll.closed", "jobs that ended so because nothing listens at the port")    \
	X(POLL_UNKNOWN_USER, "poll.unknown-user", "SNMPv3: agents that do not know our user")      \
	X(POLL_WRONG_DIGEST, "poll.wrong-digest",                                                  \
	    "SNMPv3: agents that have another authentication secret or protocol")                  \
	X(POLL_NOT_DECRYPTED, "poll.not-decrypted",                                                \
	    "SNMPv3: agents that have another privacy secret or protocol")                         \
	X(POLL_UNSUPPORTED_LEVEL, "poll.unsupported-level",                                        \
	    "SNMPv3: agents whose user has not our security level")                                \
	X(POLL_NOT_IN_TIME, "poll.not-in-time", "SNMPv3: agents that do not tell their time")      \
	X(POLL_UNKNOWN_ENGINE, "poll.unknown-engine",                                              \
	    "SNMPv3: agents that name another engine with every answer")                           \
	X(POLL_BOOTS, "poll.boots", "SNMPv3: boots of agents that their answers told")             \
	X(HTTP_REQUESTS, "http.requests", "HTTP requests answered")                                \
	X(HTTP_WRONG_TOKENS, "http.wrong-tokens", "requests with a token that is none")            \
	X(HTTP_IMPATIENT, "http.impatient", "requests refused after too many wrong tokens")

enum stats_counter {
#define STATS_ENUM(id, name, help) STAT_##id,
	STATS(STATS_ENUM)
#undef STATS_ENUM
	    STAT_MAX
};

struct stats {
	uint64_t n[STAT_MAX];
};

extern const char *const stat_names[STAT_MAX];
extern const char *const stat_help[STAT_MAX];

static inline void
stats_add(struct stats *stats, enum stats_counter stat, uint64_t n)
{
	stats->n[stat] += n;
}

#endif
