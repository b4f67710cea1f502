using Dftp.Cluster.Door;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Tests.Cluster.Door;

/// <summary>The door of a cluster without a secret.</summary>
internal static class OpenDoor
{
    public static ClusterDoor Of(string clusterName, TimeProvider time) => new(null, clusterName, [], time, NullLogger.Instance);
}
