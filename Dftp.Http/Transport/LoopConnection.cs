using System.IO.Pipelines;
using System.Net.Sockets;
using Dftp.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Dftp.Http.Transport;

/// <summary>
/// A connection of the server whose bytes go straight between it and the socket. A client may close its sending half and still gets its
/// answer: the connection counts as closed when both halves are, or when it fails.
/// </summary>
internal sealed class LoopConnection : DefaultConnectionContext, IConnectionSocketFeature, IDuplexPipe
{
    private readonly CancellationTokenSource _closed = new();
    private readonly LoopSocket _socket;
    private readonly SocketInput _input;
    private readonly SocketOutput _output;
    private int _isClosed;

    /// <param name="id">Unique among connections.</param>
    /// <param name="socket">Owned from now on, if nothing is thrown.</param>
    /// <exception cref="SocketException">It is closed already, or the kernel has no room for it.</exception>
    public LoopConnection(string id, Socket socket)
        : base(id)
    {
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        _socket = new LoopSocket(socket, TellClosed);
        _input = new SocketInput(_socket);
        _output = new SocketOutput(this, _socket);
        Transport = this;
        Features.Set<IConnectionSocketFeature>(this);
        Features.Set(_output);
        Features.Set(_socket);
    }

    public Socket Socket => _socket.Socket;

    PipeReader IDuplexPipe.Input => _input;

    PipeWriter IDuplexPipe.Output => _output;

    public override void Abort(ConnectionAbortedException abortReason)
    {
        try
        {
            // Whoever waits for the socket is told by the kernel.
            Socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }

        TellClosed();
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            // A pipe's completion would send what no flush has.
            await _output.FlushAsync(ConnectionClosed);
        }
        catch (OperationCanceledException)
        {
            // The connection has ended before its last bytes.
        }

        _output.Complete();
        _input.Complete();
        try
        {
            Socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other side was first.
        }

        _socket.Dispose();
        TellClosed();
        await base.DisposeAsync();
    }

    /// <summary>What listens to it may take long, and is not to hold up a loop.</summary>
    private void TellClosed()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static self => self._closed.Cancel(), this, preferLocal: false);
    }
}
