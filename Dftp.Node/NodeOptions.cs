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

    /// <summary>Discovery ignores nodes of other clusters. 1 to 255 UTF-8 bytes without a control character.</summary>
    public string ClusterName { get; init; } = "dftp";

    /// <summary>The path in the tree at which the root's content appears.</summary>
    public VirtualPath Mount { get; init; }

    /// <summary>Null: this node has no FTP interface.</summary>
    public ListenAddress? FtpListen { get; init; }

    /// <summary>The address for implicit FTPS. Null: TLS only after AUTH.</summary>
    public ListenAddress? FtpsListen { get; init; }

    /// <summary>The settings of the FTP interface.</summary>
    public FtpOptions Ftp { get; init; } = new();

    /// <summary>A PEM file with the certificate and its chain. Null: the node makes a certificate.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>A PEM file with the private key of <see cref="TlsCertificate"/>. Null with it.</summary>
    public string? TlsKey { get; init; }

    /// <summary>Null: this node has no public HTTP interface.</summary>
    public ListenAddress? HttpListen { get; init; }

    /// <summary>The address for HTTPS. Null: none.</summary>
    public ListenAddress? HttpsListen { get; init; }

    /// <summary>Maximum of connections to both public HTTP interfaces; as many again get a 503.</summary>
    public int HttpMaxConnections { get; init; } = 10_000;

    /// <summary>The file of the access log; <c>-</c> is standard output. Null: no log.</summary>
    public string? AccessLog { get; init; }

    /// <summary>The OpenTelemetry settings of the environment.</summary>
    public OpenTelemetrySettings OpenTelemetry { get; init; } = OpenTelemetrySettings.None;
    /// <summary>Whether HTTP clients are redirected to a holder for files of which this node has no copy.</summary>
    public bool RedirectsRemoteReads { get; init; }

    /// <summary>Null: this node has no management interface and so no peers.</summary>
    public ListenAddress? ManagementListen { get; init; }

    /// <summary>The multicast group of discovery. Null: neither announce nor listen.</summary>
    public IPEndPoint? MulticastGroup { get; init; }

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>How often each peer is pinged.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A peer without an answer for this time is declared dead.</summary>
    public TimeSpan DeadAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often each peer gets a full update.</summary>
    public TimeSpan FullUpdateInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The interval between full rescans of the root.</summary>
    public TimeSpan RescanInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Management addresses of nodes to join.</summary>
    public IReadOnlyList<HostPort> Joins { get; init; } = [];

    /// <summary>The absolute path of the file with the cluster secret. Null: none.</summary>
    public string? ClusterSecretFile { get; init; }

    /// <summary>Whether nodes speak TLS with each other once there is a secret.</summary>
    public bool ClusterTls { get; init; } = true;

    public bool NodesUseTls => ClusterTls && ClusterSecretFile is not null;

    /// <summary>Addresses and host names of machines whose legacy nodes need no signature.</summary>
    public IReadOnlyList<string> LegacyPeers { get; init; } = [];

    /// <summary>Where this node keeps its state across restarts. Null: it keeps none.</summary>
    public string? StateDirectory { get; init; }
}
