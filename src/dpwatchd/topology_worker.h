/*
 * topology_worker: what the daemon and its workers for topologies say to each other (private to src/dpwatchd).
 *
 * A worker is this program with TOPOLOGY_WORKER as its argument (io/worker.h). It reads a head: one line of JSON, {job, path,
 * host, port, username, password_file, database, prefix} and for a load {token, force, roots: [name], ports}. Of a load
 * follow the ids of the ports in force, 16 bytes each, and the document to its end. To copy the map that Redis holds to a
 * file, and to store it back from there where Redis holds none, {file, switches, hosts, ports}
 * (how many of each are in force) and {file, token} are all. It answers with lines:
 *
 *   progress checking|storing DONE ALL    now and then; ALL 0: not known
 *   stored ID                             a load, or storing back: Redis has it, ID is its entry in topology:changes
 *   copied                                the file holds the map
 *   failed REASON                         copying, or storing back
 *   answer STATUS LENGTH                  and the body of the HTTP answer: of a dump, or of a load that is refused
 */
#ifndef DPWATCH_TOPOLOGY_WORKER_H
#define DPWATCH_TOPOLOGY_WORKER_H

#define TOPOLOGY_WORKER "--topology-worker"
/* In ps: one that somebody waits for, and one that keeps the daemon's own copy. */
#define TOPOLOGY_WORKER_NAME "dpwatchd-topo"
#define TOPOLOGY_COPY_NAME "dpwatchd-copy"
#define TOPOLOGY_JOB_LOAD "load"
#define TOPOLOGY_JOB_DUMP "dump"
#define TOPOLOGY_JOB_COPY "copy"
#define TOPOLOGY_JOB_STORE_BACK "store-back"

/* The worker's main. Returns its exit status: 1 when what it was given makes no sense. */
int topology_worker(void);

#endif
