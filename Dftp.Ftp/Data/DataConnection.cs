using System.Net.Security;
using System.Net.Sockets;
using Dftp.Sockets;

namespace Dftp.Ftp.Data;

/// <summary>An open data connection. Its end is the end of the file (RFC 959, section 3.4.1), so it closes by FIN, never by RST.</summary>
internal sealed class DataConnection : IDisposable
{
    /// <summary>More than a client can have sent before it was refused is not worth reading.</summary>
    private const int MaxDrainBytes = 1024 * 1024;

    private readonly Socket _socket;
    private LoopSocket? _loopSocket;
    private NetworkStream? _stream;
    private SslStream? _tls;
    private bool _isShutDown;
    private bool _isDisposed;

    public DataConnection(Socket socket) => _socket = socket;

    /// <summary>Takes the bytes of a transfer.</summary>
    public Stream Stream => (Stream?)_tls ?? PlainStream;

    /// <summary>Whether the bytes go by TLS: then only by <see cref="Stream"/>.</summary>
    public bool IsSecure => _tls is not null;

    private NetworkStream PlainStream => _stream ??= OpenStream();

    /// <summary>Sends the bytes of a transfer without TLS, on the event loop. Use it or <see cref="Stream"/>, not both.</summary>
    /// <exception cref="SocketException">The connection has failed.</exception>
    public SocketSender CreateSender() => new(_loopSocket ??= new LoopSocket(_socket));

    /// <summary>Takes the server's part of a TLS handshake, whoever has connected to whom (RFC 4217, section 7).</summary>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The client's TLS is none, or none that will do.</exception>
    /// <exception cref="IOException">The client has gone.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public async Task SecureAsync(SslServerAuthenticationOptions options, CancellationToken cancellationToken)
    {
        var tls = new SslStream(PlainStream, leaveInnerStreamOpen: true);
        try
        {
            await tls.AuthenticateAsServerAsync(options, cancellationToken);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }

        _tls = tls;
    }

    /// <summary>Ends the stream and waits until the peer's machine has taken all of it.</summary>
    /// <exception cref="SocketException">The peer went away before that.</exception>
    /// <exception cref="OperationCanceledException">The transfer was stopped.</exception>
    public async Task FinishAsync(Transfer transfer, TimeProvider time)
    {
        if (_tls is not null) await SendCloseNotifyAsync(_tls, transfer.Stopped);
        ShutDown();
        var left = SendQueue.Unacknowledged(_socket);
        if (left == 0) return;

        // The kernel has no event for this. Nearly always it is a matter of the peer's next acknowledgement.
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(1), time);
        while (left > 0)
        {
            await poll.WaitForNextTickAsync(transfer.Stopped);
            if (poll.Period < TimeSpan.FromMilliseconds(50)) poll.Period *= 2;
            var now = SendQueue.Unacknowledged(_socket);
            if (now < left) transfer.StillMoves();
            left = now;
        }
    }

    /// <summary>
    /// Ends a connection whose transfer was refused, without data: completes the TLS handshake where the client expects one, sends
    /// close_notify and FIN, and discards what the client sends until its own FIN. Closing earlier would break the client's handshake, or
    /// reset the connection of a client that is already sending.
    /// </summary>
    /// <param name="tls">Null for a connection in the clear.</param>
    /// <param name="cancellationToken">Limits all of it.</param>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The handshake failed.</exception>
    /// <exception cref="IOException">The client closed the connection during the handshake.</exception>
    /// <exception cref="SocketException">The client reset the connection.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public async Task EndWithoutDataAsync(SslServerAuthenticationOptions? tls, CancellationToken cancellationToken)
    {
        if (tls is not null)
        {
            await SecureAsync(tls, cancellationToken);
            await SendCloseNotifyAsync(_tls!, cancellationToken);
        }

        ShutDown();
        var discarded = new byte[1024];
        while (await _socket.ReceiveAsync(discarded, SocketFlags.None, cancellationToken) > 0)
        {
            // Nothing that comes here means anything.
        }
    }

    /// <summary>Bytes that nobody has read would turn the FIN into a RST, so they are read first, as far as they have come.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        using ((IDisposable?)_loopSocket ?? _socket)
        {
            try
            {
                ShutDown();
                _socket.Blocking = false;
                Drain();
            }
            catch (SocketException)
            {
                // The peer has gone.
            }
            catch (ObjectDisposedException)
            {
                // It did not take the last record, and was cut.
            }

            _tls?.Dispose();
        }
    }

    /// <summary>What is written comes in pieces, and none is to wait for the acknowledgement of the one before.</summary>
    private NetworkStream OpenStream()
    {
        _socket.NoDelay = true;
        return new NetworkStream(_socket, ownsSocket: false);
    }

    /// <summary>
    /// close_notify tells the peer that it has the whole file (RFC 4217, section 12.4). <see cref="SslStream.ShutdownAsync"/> takes no
    /// token, so cancellation closes the socket under it.
    /// </summary>
    private async Task SendCloseNotifyAsync(SslStream tls, CancellationToken cancellationToken)
    {
        try
        {
            await using var cut = cancellationToken.UnsafeRegister(static socket => ((Socket)socket!).Dispose(), _socket);
            await tls.ShutdownAsync();
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Whatever TLS throws after its socket was closed.
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private void ShutDown()
    {
        if (_isShutDown) return;
        _isShutDown = true;
        _socket.Shutdown(SocketShutdown.Send);
    }

    private void Drain()
    {
        Span<byte> dropped = stackalloc byte[4096];
        for (var drained = 0; drained < MaxDrainBytes;)
        {
            var read = _socket.Receive(dropped, SocketFlags.None, out var error);
            if (read <= 0 || error != SocketError.Success) return;
            drained += read;
        }
    }
}
