"""dpwatch-neutron import-topology from a real Neutron whose ports are bound to hosts."""
import real
from lab import Lab, account, all_are
from real import wait_for
from tally import tried

HOSTS = ["compute-1", "compute-2"]
N_PORTS = 12


def host(name):
    return {"binding:host_id": name}


def import_now(lab, env, what, says):
    """An import that reads only what changed."""
    status, text = lab.neutron(env, "import-topology")
    tried(what, status == 0 and "read what changed" in text and says in text, text)


def migration(lab, neutron, env, moved):
    lab.trap(1, True)
    wait_for("what is on the first host", all_are(neutron, moved, "DOWN"))
    tried("import: a trap reaches the ports of its host", True)
    status, answer = neutron.ask("PUT", "/v2.0/ports/" + moved[0], {"port": host(HOSTS[1])})
    assert status == 200, answer
    import_now(lab, env, "import: a migration is read by what changed, and no port is lost", "in force: %d ports" % (N_PORTS + 1))
    wait_for("the port that moved", all_are(neutron, moved[:1], "ACTIVE"))
    tried("import: a port that moved to another host is ACTIVE again, those that stayed are not",
        all_are(neutron, moved[1:], "DOWN")())


def import_topology(folder):
    # With filter_validation, which is its default, this Neutron refuses changed_since (a 400), and every import reads all.
    neutron = real.Neutron(folder + "/import-neutron", binds=True, more="[DEFAULT]\nfilter_validation = False\n")
    env = account(OS_AUTH_TYPE="none", OS_ENDPOINT=neutron.url)
    first = neutron.make_ports(N_PORTS, host(HOSTS[0]))
    cables = {"local_link_information": [{"switch_id": "00:1b:0d:63:c2:26", "switch_info": "leaf1", "port_id": "Ethernet1/2"}]}
    metal = neutron.make_ports(1, dict(host(HOSTS[0]), **{"binding:vnic_type": "baremetal", "binding:profile": cables}))
    unbound = neutron.make_ports(1)
    hosts = folder + "/hosts.txt"
    with open(hosts, "w") as f:
        f.write("%s leaf1:Ethernet1/1\n%s leaf1:Ethernet1/2\n" % tuple(HOSTS))
    lab = Lab(folder + "/import-lab", [], [0, 0], more="hosts_file = %s\n" % hosts)
    try:
        status, text = lab.neutron(env, "import-topology")
        tried("import: ports of a host and of cables", status == 0 and "in force: %d ports" % (N_PORTS + 1) in text, text)
        tried("import: a port without a host is left out, and said", unbound[0] in text and "unbound" in text, text)
        lab.start(env)
        migration(lab, neutron, env, first)
        lab.trap(2, True)
        wait_for("what is cabled to Ethernet1/2", all_are(neutron, metal, "DOWN"))
        tried("import: a bare-metal port follows its own cables", True)
        status, _ = neutron.ask("DELETE", "/v2.0/ports/" + first[1])
        assert status == 204, status
        import_now(lab, env, "import: a deleted port leaves the map", "in force: %d ports" % N_PORTS)
        import_now(lab, env, "import: nothing changed, nothing is loaded", "the map is so already")
    finally:
        lab.end()
        neutron.server.kill()
