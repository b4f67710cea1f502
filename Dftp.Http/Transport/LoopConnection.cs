using System.IO.Pipelines;
using System.Net.Sockets;
using Dftp.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Dftp.Http.Transport;

/// <summary>
/// A connection of the server whose bytes go straight between it and the socket. A client may close its sending half and still gets its
/// answer. Whether it has left altogether cannot be told from that until something is sent; so an answer that sends nothing for a while
/// after it is called off.
/// </summary>
internal sealed class LoopConnection : DefaultConnectionContext, IConnectionSocketFeature, IDuplexPipe
{
    private static readonly TimeSpan SilenceAfterEnd = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _closed = new();
    private readonly LoopSocket _socket;
    private readonly SocketInput _input;
    private readonly SocketOutput _output;
    private int _isClosed;
    private Timer? _ending;

    /// <param name="id">Unique among connections.</param>
    /// <param name="socket">Owned from now on, if nothing is thrown.</param>
    /// <exception cref="SocketException">It is closed already, or the kernel has no room for it.</exception>
    public LoopConnection(string id, Socket socket)
        : base(id)
    {
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        _socket = new LoopSocket(socket, ending: WatchSilence, broken: TellClosed);
        _input = new SocketInput(_socket);
        _output = new SocketOutput(this, _socket);
        Transport = this;
        Features.Set<IConnectionSocketFeature>(this);
        Features.Set(_output);
    }

    public Socket Socket => _socket.Socket;

    PipeReader IDuplexPipe.Input => _input;

    PipeWriter IDuplexPipe.Output => _output;

    /// <summary>Resets the connection: what was sent of an answer is not to be taken for all of it.</summary>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        try
        {
            Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }

        _socket.Dispose();
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

    private void WatchSilence()
    {
        if (_ending is not null || Volatile.Read(ref _isClosed) != 0) return;
        var timer = new Timer(static self => ((LoopConnection)self!).LookForSilence(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (Interlocked.CompareExchange(ref _ending, timer, null) is not null) timer.Dispose();
        else timer.Change(SilenceAfterEnd, SilenceAfterEnd);
    }

    private void LookForSilence()
    {
        if (Volatile.Read(ref _isClosed) == 0 && _output.HasMoved()) return;
        _ending?.Dispose();
        TellClosed();
    }

    /// <summary>What listens to it may take long, and is not to hold up a loop.</summary>
    private void TellClosed()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0) return;
        Volatile.Read(ref _ending)?.Dispose();
        ThreadPool.UnsafeQueueUserWorkItem(static self => self._closed.Cancel(), this, preferLocal: false);
    }
}
