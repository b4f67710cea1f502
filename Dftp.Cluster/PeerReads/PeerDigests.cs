using System.Net;
using System.Net.Sockets;
using Dftp.Cluster.Connections;
using Dftp.Cluster.LocalFiles;
using Dftp.Cluster.Peers;
using Dftp.FileSystem;

namespace Dftp.Cluster.PeerReads;

/// <summary>The digests of peers' copies. A peer computes them itself; the copy of a peer that cannot is read and hashed here.</summary>
internal sealed class PeerDigests(PeerFiles files, FairGate gate, TimeProvider time)
{
    /// <summary>Some 300 bytes each, with paths of common length.</summary>
    private const int Capacity = 65_536;

    private readonly DigestCache<(NodeName Peer, VirtualPath Path), RemoteVersion> _known = new(Capacity);

    public ContentDigest? Known(NodeName peer, VirtualPath path, in Entry file) =>
        _known.FindAny((peer, path)) is { } known && known.Version.IsSame(RemoteVersion.Of(file)) ? known.Digest : null;

    /// <summary>Remembers the digest that a peer sent.</summary>
    public void Learn(NodeName peer, VirtualPath path, in Entry file, ContentDigest digest) =>
        _known.Keep((peer, path), RemoteVersion.Of(file), digest);

    public async ValueTask<DigestResult> ComputeAsync(
        Peer peer, VirtualPath path, Entry file, IPAddress? client, CancellationToken cancellationToken)
    {
        if (Known(peer.Name, path, file) is { } known) return DigestResult.Of(known);
        var result = peer.Facts.IsLegacy ? null : await AskAsync(peer, path, file, cancellationToken);
        var told = result ?? await ReadAsync(peer, path, file, client, cancellationToken);
        if (told.Error?.Kind == FileErrorKind.Unreachable) peer.PingNow.Raise();
        return told;
    }

    /// <summary>
    /// Has no timeout, because hashing takes as long as the peer's disk does. Ends if the peer goes away or the caller cancels.
    /// </summary>
    /// <returns>Null if the peer has the file and sends no digest.</returns>
    private async ValueTask<DigestResult?> AskAsync(Peer peer, VirtualPath path, Entry file, CancellationToken cancellationToken)
    {
        if (peer.Facts.ReadAddress is not { Port: > 0 } address)
            return DigestResult.Failed(FileErrorKind.Unreachable, $"{peer.Name} has not said where it serves files");
        try
        {
            var head = await files.AskForDigestAsync(peer, address, path, cancellationToken);
            if (PeerFiles.RefusalOf(head.Status, peer, path) is { } refusal) return DigestResult.Failed(refusal);
            var facts = head.Facts;
            var now = facts.Describe(facts.WholeLength ?? file.Size, file, peer.Name);
            if (!now.IsSameVersion(file)) return DigestResult.Changed(now);
            if (facts.Digest is not { } digest) return null;
            Learn(peer.Name, path, now, digest);
            return DigestResult.Of(digest);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return DigestResult.Failed(FileErrorKind.Unreachable, $"{peer.Name} does not answer");
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            return DigestResult.Failed(FileErrorKind.Unreachable, $"{peer.Name} cannot be reached: {PeerHttp.Reason(error)}");
        }
    }

    private async ValueTask<DigestResult> ReadAsync(
        Peer peer, VirtualPath path, Entry file, IPAddress? client, CancellationToken cancellationToken)
    {
        using var place = await gate.EnterAsync(client, cancellationToken);
        if (place is null) return FairGate.Refusal(path);
        var opened = await files.OpenAsync(peer, path, file, RangeSpec.Whole, cancellationToken);
        if (opened.Error is { } error) return DigestResult.Failed(error);
        // The digest is that of this peer's copy, so no other holder can continue.
        await using var content = new RemoteContent(peer, opened.Body!, (_, _, _) => new((FileContent?)null), time);
        var now = opened.Body!.Facts;
        if (!now.IsSameVersion(file)) return DigestResult.Changed(now);
        try
        {
            var digest = await ContentDigest.OfAsync(content, cancellationToken);
            Learn(peer.Name, path, now, digest);
            return DigestResult.Of(digest);
        }
        catch (FileContentException broken)
        {
            return DigestResult.Failed(broken.Error);
        }
    }

    /// <summary>The version of a peer's copy that a digest belongs to.</summary>
    /// <param name="Size">Bytes.</param>
    /// <param name="Modified">The modification time.</param>
    /// <param name="Fingerprint">As the peer sent it; 0 if only the tree describes the copy.</param>
    /// <param name="Stamp">The stamp of the copy, by the tree; default if unknown.</param>
    private readonly record struct RemoteVersion(long Size, UnixTime Modified, ulong Fingerprint, Stamp Stamp)
    {
        public static RemoteVersion Of(in Entry file) => new(file.Size, file.Modified, file.Version.Fingerprint, file.Stamp);

        public bool IsSame(RemoteVersion other) =>
            Size == other.Size && Modified == other.Modified
            && (Fingerprint != 0 && other.Fingerprint != 0 ? Fingerprint == other.Fingerprint : Stamp == other.Stamp);
    }
}
