using System.Net;
using Dftp.Cluster;
using Dftp.FileSystem;
using Dftp.Ftp;
using Dftp.Node.Metrics;
using Microsoft.Extensions.Logging;

namespace Dftp.Node;

/// <summary>The settings of a node. Nothing in them has been tried against the machine yet.</summary>
internal sealed record NodeOptions
{
    /// <summary>The absolute path of the local directory that this node serves.</summary>
    public required string Root { get; init; }

    public required NodeName Name { get; init; }

    /// <summary>Nodes of other clusters are not met by multicast. 1 to 255 UTF-8 bytes without a control character.</summary>
    public string ClusterName { get; init; } = "dftp";

    /// <summary>Where in the tree the root's content stands.</summary>
    public VirtualPath Mount { get; init; }

    /// <summary>Null: this node has no FTP interface.</summary>
    public ListenAddress? FtpListen { get; init; }

    /// <summary>Where clients begin with TLS. Null: only those that ask for it by AUTH have it.</summary>
    public ListenAddress? FtpsListen { get; init; }

    /// <summary>The settings of the FTP interface.</summary>
    public FtpOptions Ftp { get; init; } = new();

    /// <summary>A PEM file with the certificate and those that vouch for it. Null: the node makes one for itself.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>A PEM file with the private key of <see cref="TlsCertificate"/>. Null with it.</summary>
    public string? TlsKey { get; init; }

    /// <summary>Null: this node has no public HTTP interface.</summary>
    public ListenAddress? HttpListen { get; init; }

    /// <summary>Where users reach the tree by HTTPS. Null: nowhere.</summary>
    public ListenAddress? HttpsListen { get; init; }

    /// <summary>Maximum of connections to both public HTTP interfaces; as many again get a 503.</summary>
    public int HttpMaxConnections { get; init; } = 10_000;

    /// <summary>The file of the access log; <c>-</c> is standard output. Null: no log.</summary>
    public string? AccessLog { get; init; }

    /// <summary>What the environment says of OpenTelemetry.</summary>
    public OpenTelemetrySettings OpenTelemetry { get; init; } = OpenTelemetrySettings.None;
    /// <summary>Whether HTTP clients are sent to a holder for what this node has no copy of.</summary>
    public bool RedirectsRemoteReads { get; init; }

    /// <summary>Null: this node has no management interface and so no peers.</summary>
    public ListenAddress? ManagementListen { get; init; }

    /// <summary>The group by which nodes find each other. Null: neither announce nor listen.</summary>
    public IPEndPoint? MulticastGroup { get; init; }

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>How often each peer is pinged.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A peer without an answer for this time is declared away.</summary>
    public TimeSpan DeadAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often each peer gets a full update.</summary>
    public TimeSpan FullUpdateInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How often the whole root is read again.</summary>
    public TimeSpan RescanInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Management addresses of nodes to join.</summary>
    public IReadOnlyList<HostPort> Joins { get; init; } = [];

    /// <summary>Where this node remembers what it needs after a restart. Null: nowhere.</summary>
    public string? StateDirectory { get; init; }
}
