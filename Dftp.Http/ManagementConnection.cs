using Dftp.Routes;
using Microsoft.AspNetCore.Http.Features;

namespace Dftp.Http;

/// <summary>Marks the connections that the management interface has accepted, as a feature.</summary>
internal sealed class ManagementConnection
{
    private ManagementConnection()
    {
    }

    public static ManagementConnection Mark { get; } = new();

    /// <summary>The interface that a request or connection with these features came to.</summary>
    public static Interfaces InterfaceOf(IFeatureCollection features) =>
        features.Get<ManagementConnection>() is null ? Interfaces.Public : Interfaces.Management;
}
