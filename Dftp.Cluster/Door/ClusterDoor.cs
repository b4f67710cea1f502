using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Door;

/// <summary>What a node needs to tell the nodes of its cluster from strangers. Without a secret there is no difference.</summary>
internal sealed class ClusterDoor : IAsyncDisposable
{
    private readonly ClusterSecret? _secret;
    private readonly ILogger _log;
    private readonly TimeProvider _time;

    /// <param name="secret">The secret, which this takes over; null: none.</param>
    /// <param name="clusterName">The cluster's name.</param>
    /// <param name="legacyPeers">The machines whose legacy nodes need no signature.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Logs refusals and changes of the secret.</param>
    /// <param name="certificate">The certificate for TLS with other nodes; null: nodes speak in the clear.</param>
    public ClusterDoor(
        ClusterSecret? secret, string clusterName, IReadOnlyList<string> legacyPeers, TimeProvider time, ILogger log,
        NodeCertificate? certificate = null)
    {
        _secret = secret;
        _log = log;
        _time = time;
        Certificate = certificate;
        LegacyPeers = new LegacyPeers(legacyPeers);
        Refusals = new Refusals(time, log);
        if (secret is not null)
        {
            Signer = new RequestSigner(secret, clusterName, time);
            Announcements = new AnnouncementMac(secret, time);
            Check = new SignatureCheck(
                new RequestVerifier(secret, clusterName, time), requiresTls: certificate is not null, LegacyPeers, Refusals, clusterName);
        }
    }

    public bool HasSecret => _secret is not null;

    /// <summary>Null without a secret, as the next one.</summary>
    public RequestSigner? Signer { get; }

    public AnnouncementMac? Announcements { get; }

    /// <summary>The certificate for TLS with other nodes; null: nodes speak in the clear.</summary>
    public NodeCertificate? Certificate { get; }

    public LegacyPeers LegacyPeers { get; }

    public Refusals Refusals { get; }

    /// <summary>Null without a secret.</summary>
    public SignatureCheck? Check { get; }

    /// <summary>The keys' names, the signing one first; empty without a secret.</summary>
    public IReadOnlyList<string> KeyIds => _secret is null ? [] : [.. _secret.Keys.Keys.Select(key => key.Id)];

    /// <summary>Starts to follow changes of the secret and of the legacy peers' addresses.</summary>
    public void Start()
    {
        _secret?.Follow(_time, _log);
        LegacyPeers.Start(_time, _log);
    }

    public ValueTask DisposeAsync()
    {
        _secret?.Dispose();
        return LegacyPeers.DisposeAsync();
    }
}
