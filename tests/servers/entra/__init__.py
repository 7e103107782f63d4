"""Microsoft Entra ID and Microsoft Graph v1.0 as a server of our own: HTTPS, real tokens, real errors.

The real ones cannot be reached by a test, and Microsoft offers no emulator. This behaves as Microsoft's
documentation says, refusals included; `tests/servers/test_entra_*.py` hold it to that.

    tenant = Tenant()                       # or company.tenant(500): a whole made-up company
    boss = tenant.add_user(displayName="Ana Cruz", userPrincipalName="ana@contoso.test", department="IT")
    ben = tenant.add_user(displayName="Ben Ito", mail="ben@contoso.test", employeeId="E7")
    tenant.set_manager(ben, boss)
    tenant.add_group("Learners", [ben])

    with EntraServer(tenant, tmp_path) as server:
        app = msal.ConfidentialClientApplication(
            server.client_id, client_credential=server.secret, authority=server.authority,
            instance_discovery=False, verify=str(server.ca_file))
        …                                   # server.graph_url is https://localhost:PORT/v1.0

People and groups (tenant.py): an id comes from each add_…, properties have Graph's names.

    tenant.update_user(ben, department="Finance", jobTitle=None)    # None: cleared, unlike never set
    tenant.delete_user(boss)                # restore_user within thirty days, purge_user for good
    tenant.add_member(group, ben)           # remove_member, update_group, delete_group

What the application may do, and by what it logs in (server.py, registration.py):

    server.app.roles.discard("GroupMember.Read.All")                # consent withdrawn, for new tokens
    server.app.blocked = True                                       # by Conditional Access
    server.add_secret("…", days=30)
    files = ClientCertificate.create(tmp_path, starts=time.time()); server.add_certificate(files.certificate)
    issuer = ForeignIssuer(); server.trust(issuer, "system:serviceaccount:a:b"); issuer.assertion(…)
    with ManagedIdentity(server) as identity: identity.on_a_machine, identity.on_app_service  # environments

Bad weather (weather.py), and the size of things (call.py):

    server.weather.arm(Trouble(Kind.THROTTLED, path="/users/delta", times=2, retry_after="1"))
    server.weather.budget = Budget(units=3500, seconds=10)          # Microsoft's resource units
    server.weather.skew = 600                                       # the server's clock is ahead
    server.stand_still(); …; server.catch_up()                      # a replica that lags
    server.graph.limits = Limits(delta_users=3)                     # small pages of a delta
    server.login.lifetime = 60                                      # of new tokens, in seconds
    assert [one.status for one in server.asked("/users/delta")] == [429, 429, 200]

`SteppedClock` stands in for the time: Tenant(clock=clock). But msal writes its assertions by the real clock.
"""

from tests.servers.entra.budget import Budget
from tests.servers.entra.call import Limits
from tests.servers.entra.client_certificate import ClientCertificate
from tests.servers.entra.clock import SteppedClock
from tests.servers.entra.managed_identity import ManagedIdentity
from tests.servers.entra.registration import ForeignIssuer
from tests.servers.entra.server import EntraServer, Exchange
from tests.servers.entra.tenant import Tenant
from tests.servers.entra.weather import Kind, Trouble, Weather

__all__ = [
    "Budget",
    "ClientCertificate",
    "EntraServer",
    "Exchange",
    "ForeignIssuer",
    "Kind",
    "Limits",
    "ManagedIdentity",
    "SteppedClock",
    "Tenant",
    "Trouble",
    "Weather",
]
