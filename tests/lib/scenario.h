/*
 * scenario: plays a text file against an engine on a virtual clock, with an in-memory Redis behind it (lib/model).
 *
 * Each line is one of these; # begins a comment line. Times are durations since the start (10s, 1.5h, 3d), +2s is from the
 * line before. A line without `at` happens at the time of the one before.
 *
 *   config admin_down=ignore source_settle=2s echo_window=60s down_delay=500ms up_delay=1s dampening=5s,1000,2000,20s
 *          bucket=RATE,BURST                  of each switch, while the daemon is busy (core/overload.h)
 *   ignore interface|hash|redundancy|toggle these changes need not be expected
 *   topology [away|slowly]                  a document, up to a line `end`; "#1" stands for a port's id, and is its name
 *           too; `away`: it is there at the next restart-daemon; `slowly`: it is being taken up to the action `taken`, and
 *           the file is played again for each number of slices that may be done before the next action
 *   also at TIME ...                        what it brings forth is expected together with that of the line before
 *   at TIME taken                           the map that is being taken is in force
 *   at TIME trap|syslog|poll SWITCH [link|protocol] up|down|admin-up|admin-down [INTERFACE]
 *           [ifindex=N] [descr=NAME] [uptime=DURATION] [reason=REASON] [bare] [verdict=VERDICT]       held, folded and dropped are verdicts too
 *           [asked=TIME] [since=TIME]       of an answer: when it was asked for, and since when the switch says that it is so
 *           [stamp=TIME] [relayed] [digest=N]      the device's own time (a synchronised clock); through a relay or over a stream
 *   at TIME reachable|unreachable SWITCH    it can be asked; and it turned out not to answer
 *   at TIME learns SWITCH INTERFACE ifindex=N   what an answer tells of an index;  at TIME polled SWITCH  its whole table was read
 *   at TIME busy|idle                       more is queued than the daemon keeps up with; and no longer: what is held counts
 *   at TIME lost trap|syslog                the kernel dropped datagrams of this source
 *   at TIME restart SWITCH [boot] [uptime=DURATION]       coldStart with `boot`, else an agent's own
 *   at TIME doubt SWITCH [INTERFACE]      at TIME hint SWITCH INTERFACE reason=REASON
 *   at TIME report PORT down|active|null by WHO [note=WORD] [for=DURATION]
 *   at TIME override SWITCH:INTERFACE up|down|auto by WHO [note=WORD] [for=DURATION]
 *   at TIME restart-daemon [reboot]         from what Redis holds; `reboot`: the engine's clock begins anew as well
 *   at TIME redis-lost                      FLUSHALL: the engine compares with nothing
 *   at TIME redis-compare                   the engine compares with what Redis holds
 *   at TIME redis-save                      Redis saves what it holds
 *   at TIME redis-back                      Redis holds what it saved: the engine compares with that
 *   at TIME config KEY=VALUE...             another configuration, as at SIGHUP
 *   at TIME clock DURATION                  the wall clock is set forward (or back: -1h)
 *   at TIME wait
 *
 *   expect toggle PORT true|false [FIELD=VALUE...]       fields as in the Redis contract, and paths=UP/STRANDED/TOTAL
 *   expect interface SWITCH:INTERFACE up|down [...]      its hash; transition=true where it is on link-events too
 *   expect redundancy PORT degraded|restored|stranded|refined [...]
 *   expect hash PORT [...]                               a port's hash without a toggle
 *   expect forget SWITCH                                 a switch that is new in the map: its hash goes
 *   expect nothing
 *   changes SWITCH:INTERFACE N              it has changed no more than N times so far
 *   expect asks [SWITCH:INTERFACE...]       which the engine wants to be asked now, in this order; takes them out
 *   view port PORT|interface SWITCH:INTERFACE|switch SWITCH|totals FIELD=VALUE...
 *
 * Times in fields are written as seconds since the start: fault=leaf1:Ethernet1/1@10s. What an action brings forth is
 * expected before the next action, in any order; a change that nobody expected fails the test with the action's line. At the
 * end the ports must be as Redis has them, and a restart must have nothing to say.
 */
#ifndef DPWATCH_TESTS_LIB_SCENARIO_H
#define DPWATCH_TESTS_LIB_SCENARIO_H

/* Plays the file; fails the running test with file and line. */
void scenario_run(const char *path);

#endif
