using System.Net.Sockets;

namespace Dftp.Ftp.Data;

/// <summary>An open data connection. Its end is the end of the file (RFC 959, section 3.4.1), so it closes by FIN, never by RST.</summary>
internal sealed class DataConnection : IDisposable
{
    /// <summary>More than a client can have sent before it was refused is not worth reading.</summary>
    private const int MaxDrainBytes = 1024 * 1024;

    private readonly Socket _socket;
    private NetworkStream? _stream;
    private bool _isShutDown;

    public DataConnection(Socket socket)
    {
        _socket = socket;
        _socket.NoDelay = true;
    }

    /// <summary>Where the bytes of a transfer go.</summary>
    public Stream Stream => _stream ??= new NetworkStream(_socket, ownsSocket: false);

    /// <summary>The socket itself, for what the kernel can send on its own. Use it or <see cref="Stream"/>, not both.</summary>
    public Socket Socket => _socket;

    /// <summary>Ends the stream and waits until the peer's machine has taken all of it.</summary>
    /// <exception cref="SocketException">The peer went away before that.</exception>
    /// <exception cref="OperationCanceledException">The transfer was stopped.</exception>
    public async Task FinishAsync(Transfer transfer, TimeProvider time)
    {
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

    /// <summary>Bytes that nobody has read would turn the FIN into a RST, so they are read first, as far as they have come.</summary>
    public void Dispose()
    {
        using (_socket)
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
        }
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
