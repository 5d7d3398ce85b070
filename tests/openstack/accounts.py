"""dpwatch-neutron with a real Keystone: roles, tokens that expire in mid-run, wrong passwords, kinds of accounts."""
import time

import real
from lab import Lab, account, all_are
from real import wait_for
from tally import attempt, tried

EXPIRATION = 10


def roles(lab, keystone, user):
    """Roles that do not do, and the words about them."""
    env = user("member")
    status, text = lab.neutron(env, "--check")
    tried("role member: --check names the role", status == 1 and "data_plane_integrator is missing" in text, text)
    lab.start(env)
    lab.trap(1, True)
    wait_for("403", lab.says("a role is missing"))
    tried("role member: status says that a role is missing", True)
    lab.stop()
    lab.start(user("narrow"))
    wait_for("404", lab.says("give it advsvc beside data_plane_integrator"))
    tried("role data_plane_integrator alone, another project's port: said and held", lab.settled() is False)
    lab.stop()


def tokens(lab, neutron, user):
    env = user("full")
    status, text = lab.neutron(env, "--check")
    tried("password: --check: everything is there", status == 0, text)
    lab.start(env)
    wait_for("DOWN", all_are(neutron, lab.ids, "DOWN"))
    tried("roles data_plane_integrator and advsvc: DOWN in another project", True)
    # Long enough for several tokens; a toggle each second.
    end, down, arrived = time.monotonic() + 2.5 * EXPIRATION, False, 0
    while time.monotonic() < end:
        lab.trap(1, down)
        wait_for("a toggle", all_are(neutron, lab.ids, "DOWN" if down else "ACTIVE"))
        down, arrived = not down, arrived + 1
        next_at = time.monotonic() + 1
        wait_for("a second", lambda: time.monotonic() >= next_at)
    tried("tokens of %d s: %d toggles arrived in %d s" % (EXPIRATION, arrived, 2.5 * EXPIRATION), arrived > EXPIRATION / 2)
    lab.stop()


def wrong_password(lab, user):
    env = dict(user("full"), OS_PASSWORD="wrong")
    status, text = lab.neutron(env, "--check")
    tried("wrong password: --check says so", status == 1 and "Keystone refuses user full: 401" in text, text)
    lab.start(env, ready=False)
    wait_for("the word about the password", lab.says("Keystone refuses user full: 401"))
    tried("wrong password: status says so", True)
    lab.stop()


def other_accounts(lab, keystone, user):
    token = keystone.token("full", "secret", "monitoring")
    env = account(OS_AUTH_TYPE="token", OS_TOKEN=token, OS_AUTH_URL=keystone.url, OS_PROJECT_NAME="monitoring")
    status, text = lab.neutron(env, "--check")
    tried("auth type token", status == 0, text)
    status, answer, _ = real.request(keystone.port, "POST", "/v3/users/%s/application_credentials" % user.ids["full"],
        {"application_credential": {"name": "dpwatch"}}, keystone.token("full", "secret", "monitoring"))
    assert status == 201, answer
    credential = answer["application_credential"]
    clouds = lab.dir + "/clouds.yaml"
    with open(clouds, "w") as f:
        f.write("clouds:\n  lab:\n    auth_type: v3applicationcredential\n    region_name: RegionOne\n    auth:\n"
            "      auth_url: %s\n      application_credential_id: %s\n      application_credential_secret: %s\n" %
            (keystone.url, credential["id"], credential["secret"]))
    status, text = lab.neutron(account(OS_CLOUD="lab", OS_CLIENT_CONFIG_FILE=clouds), "--check")
    tried("application credential in a clouds.yaml", status == 0 and "everything is there" in text, text)


def with_keystone(folder):
    keystone = real.Keystone(folder + "/keystone", EXPIRATION)
    service, demo = (keystone.make("project", name=n, domain_id="default") for n in ("service", "demo"))
    monitoring = keystone.make("project", name="monitoring", domain_id="default")
    keystone.user("neutron", "service", service, ["admin", "service"])
    ids = {name: keystone.user(name, "secret", monitoring, roles) for name, roles in (("member", ["member", "advsvc"]),
        ("narrow", ["data_plane_integrator", "member"]), ("full", ["data_plane_integrator", "advsvc", "member"]))}

    def user(name):
        return account(OS_AUTH_URL=keystone.url, OS_USERNAME=name, OS_PASSWORD="secret", OS_PROJECT_NAME="monitoring",
            OS_USER_DOMAIN_NAME="Default", OS_PROJECT_DOMAIN_ID="default", OS_REGION_NAME="RegionOne")
    user.ids = ids
    neutron = real.Neutron(folder + "/neutron-keystone", keystone)
    network = keystone.make("service", type="network", name="neutron")
    keystone.make("endpoint", service_id=network, interface="public", url=neutron.url, region_id="RegionOne")
    neutron.token = keystone.token()
    ports = neutron.make_ports(2, tenant_id=demo)
    lab = Lab(folder + "/keystone-lab", ports, projects={port: demo for port in ports})
    try:
        attempt("roles", lambda: roles(lab, keystone, user))
        attempt("tokens", lambda: tokens(lab, neutron, user))
        attempt("wrong password", lambda: wrong_password(lab, user))
        attempt("other accounts", lambda: other_accounts(lab, keystone, user))
    finally:
        lab.end()
        neutron.server.kill()
        keystone.server.kill()
