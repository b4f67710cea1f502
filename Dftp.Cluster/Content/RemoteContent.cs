using Dftp.Cluster.Membership;
using Dftp.FileSystem;

namespace Dftp.Cluster.Content;

/// <summary>
/// A range of a file that is read from a peer. When the peer fails, the next holder of the same content goes on at the byte where it
/// broke off; where there is none, the read fails and nothing is made up.
/// </summary>
internal sealed class RemoteContent : FileContent
{
    /// <summary>A transfer on which nothing moves for so long is broken, whatever the connection says.</summary>
    private static readonly TimeSpan StallTimeout = TimeSpan.FromSeconds(20);

    private readonly Func<ByteRange, Peer, CancellationToken, ValueTask<FileContent?>> _goOn;
    private readonly TimeProvider _time;
    private readonly ByteRange _range;
    private readonly Peer _peer;
    private PeerBody? _body;
    private FileContent? _successor;
    private long _surplus;
    private long _read;

    /// <param name="peer">The holder.</param>
    /// <param name="body">Its answer; owned by the content.</param>
    /// <param name="range">What was asked for.</param>
    /// <param name="goOn">Opens the rest at another holder than the one that failed; null where there is none.</param>
    /// <param name="time">For the limit on waiting.</param>
    public RemoteContent(
        Peer peer, PeerBody body, ByteRange range, Func<ByteRange, Peer, CancellationToken, ValueTask<FileContent?>> goOn, TimeProvider time)
    {
        _peer = peer;
        _body = body;
        _range = range;
        _surplus = body.Surplus;
        KnownDigest = body.Digest;
        _goOn = goOn;
        _time = time;
    }

    public override long Length => _range.Length;

    public override ContentDigest? KnownDigest { get; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var wanted = (int)Math.Min(buffer.Length, _range.Length - _read);
        if (wanted == 0) return 0;
        if (_successor is null)
        {
            var (count, failure) = await TryReadAsync(buffer[..wanted], cancellationToken);
            if (failure is null)
            {
                _read += count;
                return count;
            }

            _body?.Dispose();
            _body = null;
            PeerTable.Suspect(_peer);
            _peer.PingNow.Raise();
            var rest = new ByteRange(_range.Offset + _read, _range.Length - _read);
            _successor = await _goOn(rest, _peer, cancellationToken)
                ?? throw new FileContentException(new FileError(FileErrorKind.Unreachable, $"{_peer.Name} broke off at byte {rest.Offset}: {failure}"));
        }

        var read = await _successor.ReadAsync(buffer[..wanted], cancellationToken);
        _read += read;
        return read;
    }

    public override async ValueTask DisposeAsync()
    {
        _body?.Dispose();
        if (_successor is not null) await _successor.DisposeAsync();
    }

    private async ValueTask<(int Count, string? Failure)> TryReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_body is null) return (0, "it broke off before");
        var stream = _body.Stream;
        try
        {
            // Most reads are served from what has arrived: only one that waits needs its limits.
            var reading = stream.ReadAsync(Piece(buffer), cancellationToken);
            var count = reading.IsCompleted ? await reading : await WithLimitsAsync(reading.AsTask(), cancellationToken);
            while (_surplus > 0 && count > 0)
            {
                _surplus -= count;
                count = await WithLimitsAsync(stream.ReadAsync(Piece(buffer), cancellationToken).AsTask(), cancellationToken);
            }

            return count > 0 ? (count, null) : (0, "it sent less than it promised");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (0, "it sends nothing any more");
        }
        catch (Exception error) when (error is HttpRequestException or IOException or ObjectDisposedException)
        {
            return (0, PeerHttp.Reason(error));
        }
    }

    private Memory<byte> Piece(Memory<byte> buffer) => _surplus > 0 && _surplus < buffer.Length ? buffer[..(int)_surplus] : buffer;

    private async Task<int> WithLimitsAsync(Task<int> reading, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(StallTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _peer.Presence, cancellationToken);
        // Ending the connection is what ends a read that waits: the buffer is the caller's again only when the read has ended.
        await using var end = either.Token.UnsafeRegister(static body => ((PeerBody)body!).Dispose(), _body);
        try
        {
            return await reading;
        }
        catch (Exception error) when (error is not OperationCanceledException && either.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new OperationCanceledException(either.Token);
        }
    }
}
