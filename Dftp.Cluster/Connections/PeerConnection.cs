using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Dftp.Cluster.Door;
using Dftp.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.Connections;

/// <summary>A connection to a peer for one request after the other. It is closed when the peer goes away.</summary>
internal sealed class PeerConnection : IDisposable
{
    private const string BrokeOff = "the connection broke off";

    /// <summary>The tolerance between the clock and a timer.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(0.1);

    /// <summary>How long the answer may take of a peer that has closed the connection in the middle of a body.</summary>
    private static readonly TimeSpan RefusalPatience = TimeSpan.FromSeconds(2);

    /// <summary>The maximum length of a line after the head, such as the size of a chunk with its extensions.</summary>
    private const int MaxLine = 1024;

    private readonly Lock _lock = new();
    private readonly LoopSocket _socket;
    private SslStream? _tls;
    private readonly RequestSigner? _signer;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(Math.Max(FileRequest.MaxBytes, PeerResponseHead.MaxBytes));
    private CancellationTokenRegistration _presence;

    /// <summary>The timestamp at which the connection is closed. Guarded by <see cref="_lock"/>.</summary>
    private long _deadline = long.MaxValue;

    /// <summary>The timestamp at which the timer fires next. Guarded by <see cref="_lock"/>.</summary>
    private long _looksAt = long.MaxValue;

    /// <summary>Of the next request. Each connection has a sequence for itself.</summary>
    private Nonce _nonce = Nonce.First();

    private int _isClosed;
    private int _begin;
    private int _end;

    private PeerConnection(LoopSocket socket, IPAddress remoteAddress, HostPort address, RequestSigner? signer, TimeProvider time)
    {
        _signer = signer;
        _socket = socket;
        RemoteAddress = remoteAddress;
        Address = address;
        _time = time;
        _timer = time.CreateTimer(
            static self => ((PeerConnection)self!).CloseWhenDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public HostPort Address { get; }

    /// <summary>The address that a host name has led to.</summary>
    public IPAddress RemoteAddress { get; }

    /// <inheritdoc cref="LoopSocket.IsOnCurrentLoop"/>
    public bool IsOnCurrentLoop => _socket.IsOnCurrentLoop;

    public bool IsClosed => Volatile.Read(ref _isClosed) != 0;

    /// <summary>The fingerprint of the peer's certificate; null: the connection is not encrypted.</summary>
    public string? Certificate { get; private set; }

    /// <summary>The signature of the last request with a body; null without a secret.</summary>
    public RequestSignature? Signature { get; private set; }

    /// <summary>Whether any byte has arrived in response to the last request.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>The number of bytes that arrived with the head and have not been read.</summary>
    public int Buffered => _end - _begin;

    /// <summary>Whether it leads to a peer.</summary>
    public bool Fits(PeerEndpoint peer) => Address == peer.Address && (peer.Pin is null || Certificate is null || Certificate == peer.Pin);

    /// <summary>Connects.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="security">What protects the connection.</param>
    /// <param name="timeout">How long to wait for the connection, TLS included.</param>
    /// <param name="time">The clock of timeouts.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    /// <exception cref="SocketException">There is no connection.</exception>
    /// <exception cref="IOException">TLS could not be negotiated.</exception>
    /// <exception cref="OperationCanceledException">The timeout expired, the peer is away, or <paramref name="cancellationToken"/>
    /// fired.</exception>
    public static async Task<PeerConnection> ConnectAsync(
        PeerEndpoint peer, ConnectionSecurity security, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, peer.Presence, cancellationToken);
        var (socket, remoteAddress) = await PeerSocket.ConnectLoopAsync(peer.Address, either.Token);
        var connection = new PeerConnection(socket, remoteAddress, peer.Address, security.Signer, time);
        try
        {
            if (security.IsTls)
                (connection._tls, connection.Certificate) = await TlsConnection.NegotiateAsync(socket, peer.Pin, either.Token);
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        connection._presence = peer.Presence.UnsafeRegister(static self => ((PeerConnection)self!).Dispose(), connection);
        return connection;
    }

    /// <summary>
    /// Closes the connection after a time, unless this or <see cref="TryKeepOpen"/> is called before. The timer is reset only to fire
    /// earlier. A timer that fires too early is set again, which is cheaper than resetting it for each file.
    /// </summary>
    public void CloseAfter(TimeSpan wait)
    {
        lock (_lock)
        {
            _deadline = TimestampIn(wait);
            if (_deadline >= _looksAt) return;
            _looksAt = _deadline;
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Keeps the connection open: its deadline no longer applies.</summary>
    /// <returns>False if the connection is closed already. Otherwise no earlier <see cref="CloseAfter"/> can close it.</returns>
    public bool TryKeepOpen()
    {
        lock (_lock)
        {
            if (IsClosed) return false;
            _deadline = long.MaxValue;
            return true;
        }
    }

    /// <summary>
    /// Whether bytes arrived that no request asked for, or the connection ended (RFC 9112 sections 9.3 and 9.5): they would be taken for
    /// the response to the next request. For idle connections only.
    /// </summary>
    public bool HasUnrequested
    {
        get
        {
            try
            {
                return Buffered > 0 || _socket.Socket.Poll(0, SelectMode.SelectRead);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return true;
            }
        }
    }

    /// <summary>Requests a file in one piece and reads the head of the response. Interim responses before it are skipped.</summary>
    /// <exception cref="IOException">The connection broke off or was closed, or the response is not HTTP.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<PeerResponseHead> AskAsync(FileRequest request)
    {
        Begin();
        await SendAsync(_buffer.AsMemory(0, request.Write(_buffer, _signer, TakeNonce())), CancellationToken.None);
        return await ReadHeadAsync();
    }

    /// <summary>Posts a body and reads the head of the response.</summary>
    /// <returns>The head. If it arrived before the body was sent, the connection cannot be used again.</returns>
    /// <inheritdoc cref="AskAsync(FileRequest)"/>
    public async ValueTask<PeerResponseHead> AskAsync(PostRequest request, CancellationToken cancellationToken)
    {
        Begin();
        Signature = _signer?.Sign(PostRequest.Method, request.Target, request.ContentDigest, TakeNonce());
        await SendAsync(request.WriteHead(Address, Signature), cancellationToken);
        if (request.Write is not { } write) return await ReadHeadAsync();

        // A peer that refuses the body says so before it has read all of it, and then closes the connection.
        using var sending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var head = ReadHeadAsync().AsTask();
        var body = SendBodyAsync(write, sending.Token);
        await Task.WhenAny(head, body);
        if (!body.IsCompleted) await sending.CancelAsync();
        if (await FailureOfAsync(body) is not { } failure) return await head;

        // If the peer closed the connection, its answer may still arrive.
        if (failure is IOException) CloseAfter(RefusalPatience);
        else if (!head.IsCompletedSuccessfully || failure is not OperationCanceledException) Dispose();
        if (await FailureOfAsync(head) is null && failure is IOException or OperationCanceledException)
            return await head with { Closes = true };
        ExceptionDispatchInfo.Throw(failure);
        return default;
    }

    /// <summary>Reads a line after the head.</summary>
    /// <returns>The line without its CRLF, valid until the next read.</returns>
    /// <exception cref="IOException">The connection broke off or was closed, or the line is too long.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var arrived = _buffer.AsMemory(_begin, Buffered);
            var end = arrived.Span[..Math.Min(arrived.Length, MaxLine + 2)].IndexOf("\r\n"u8);
            if (end >= 0)
            {
                _begin += end + 2;
                return arrived[..end];
            }

            if (arrived.Length >= MaxLine + 2) throw new IOException("a line of the response is too long");
            arrived.CopyTo(_buffer);
            (_begin, _end) = (0, arrived.Length);
            var count = await ReceiveAsync(_buffer.AsMemory(_end), cancellationToken);
            if (count == 0) throw new IOException(BrokeOff);
            _end += count;
        }
    }

    /// <summary>Reads bytes after the head: first those that arrived with it, then directly from the socket.</summary>
    /// <returns>0 if the peer has closed the connection.</returns>
    /// <exception cref="IOException">The connection broke off or was closed.</exception>
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (Buffered == 0) return ReceiveAsync(buffer, cancellationToken);
        var count = Math.Min(buffer.Length, Buffered);
        _buffer.AsSpan(_begin, count).CopyTo(buffer.Span);
        _begin += count;
        return new(count);
    }

    /// <summary>Moves bytes into a pipe once <see cref="Buffered"/> is 0.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public async ValueTask<int> FillAsync(SafeFileHandle pipe, int most, CancellationToken cancellationToken)
    {
        try
        {
            return await _socket.FillAsync(pipe, most, cancellationToken);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            throw new IOException(error.Message, error);
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 0) Close();
    }

    private void Begin()
    {
        HasAnswered = false;
        _begin = _end = 0;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<PeerResponseHead> ReadHeadAsync()
    {
        while (true)
        {
            // Interim responses stay in the buffer, whose size limits them.
            if (_end == _buffer.Length) throw new IOException(PeerHttp.NoHttp);
            var count = await ReceiveAsync(_buffer.AsMemory(_end), CancellationToken.None);
            if (count == 0) throw new IOException(BrokeOff);
            HasAnswered = true;
            _end += count;
            while (TryTakeHead(out var head))
            {
                if (!head.IsInterim) return head;
            }
        }
    }

    private async Task SendBodyAsync(BodyWriter write, CancellationToken cancellationToken)
    {
        await using var body = new ChunkedBody(bytes => SendAsync(bytes, cancellationToken), isHashed: Signature is not null);
        await write(body, cancellationToken);
        await body.EndAsync(
            Signature is { } signature ? sha256 => _signer!.TrailerOf(signature, BodyDigest.Field(sha256)) : null);
    }

    private Nonce TakeNonce()
    {
        var nonce = _nonce;
        _nonce = nonce.Next();
        return nonce;
    }

    private static async Task<Exception?> FailureOfAsync(Task task)
    {
        try
        {
            await task;
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    private void Close()
    {
        // Not awaited: this may run in its callback.
        _presence.Unregister();
        _timer.Dispose();
        _socket.Dispose();
        _tls?.Dispose();
    }

    /// <returns>False when more bytes are needed.</returns>
    private bool TryTakeHead(out PeerResponseHead head)
    {
        var outcome = PeerResponseHead.Read(_buffer.AsSpan(_begin, Buffered), out head, out var length);
        if (outcome == HeadOutcome.Malformed) throw new IOException(PeerHttp.NoHttp);
        if (outcome == HeadOutcome.Complete) _begin += length;
        return outcome == HeadOutcome.Complete;
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            if (_tls is null) await _socket.SendAsync(bytes, cancellationToken);
            else await _tls.WriteAsync(bytes, cancellationToken);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            throw new IOException(error.Message, error);
        }
    }

    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return _tls is null ? await _socket.ReceiveAsync(buffer, cancellationToken) : await _tls.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            throw new IOException(error.Message, error);
        }
    }

    private void CloseWhenDue()
    {
        lock (_lock)
        {
            _looksAt = long.MaxValue;
            if (_deadline == long.MaxValue || IsClosed) return;
            var left = _time.GetElapsedTime(_time.GetTimestamp(), _deadline);
            if (left > Tolerance)
            {
                _looksAt = _deadline;
                _timer.Change(left, Timeout.InfiniteTimeSpan);
                return;
            }

            // Decided under the lock: a later Take finds the connection closed, an earlier one keeps it.
            if (Interlocked.Exchange(ref _isClosed, 1) != 0) return;
        }

        Close();
    }

    private long TimestampIn(TimeSpan wait) => _time.GetTimestamp() + (long)(wait.TotalSeconds * _time.TimestampFrequency);
}
