using System.IO.Pipelines;
using System.Net.Sockets;
using Dftp.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Dftp.Http.Transport;

/// <summary>
/// A connection of the server whose bytes go straight between it and the socket. A client may close its sending half and still gets its
/// answer. A client that has closed the whole connection looks the same until bytes are sent to it, so an answer that sends nothing
/// for a second after that is aborted, once all bytes of the client have been read.
/// </summary>
internal sealed class LoopConnection : DefaultConnectionContext, IConnectionSocketFeature, IDuplexPipe
{
    private static readonly TimeSpan SilenceAfterEnd = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _closed = new();
    private readonly TimeProvider _time;
    private readonly LoopSocket _socket;
    private readonly SocketInput _input;
    private readonly SocketOutput _output;
    private int _isClosed;
    private ITimer? _ending;

    /// <param name="id">Unique among connections.</param>
    /// <param name="socket">Owned by the connection unless the constructor throws.</param>
    /// <param name="time">For the second of silence.</param>
    /// <exception cref="SocketException">The socket is closed already, or the kernel has no memory for it.</exception>
    public LoopConnection(string id, Socket socket, TimeProvider time)
        : base(id)
    {
        _time = time;
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        _socket = new LoopSocket(socket, ending: WatchSilence, broken: SignalClosed);
        _input = new SocketInput(_socket);
        _output = new SocketOutput(this, _socket);
        Transport = this;
        Features.Set<IConnectionSocketFeature>(this);
        Features.Set(_output);
    }

    public Socket Socket => _socket.Socket;

    PipeReader IDuplexPipe.Input => _input;

    PipeWriter IDuplexPipe.Output => _output;

    /// <summary>Resets the connection, so that the client does not take a part of an answer for all of it.</summary>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        try
        {
            Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The socket is closed already.
        }

        _socket.Dispose();
        SignalClosed();
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            // The completion of a pipe would send what was not flushed.
            await _output.FlushAsync(ConnectionClosed);
        }
        catch (OperationCanceledException)
        {
            // The connection ended before its last bytes were sent.
        }

        _output.Complete();
        _input.Complete();
        try
        {
            Socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client closed the connection first.
        }

        _socket.Dispose();
        SignalClosed();
        await base.DisposeAsync();
    }

    private void WatchSilence()
    {
        if (_ending is not null || Volatile.Read(ref _isClosed) != 0) return;
        var timer = _time.CreateTimer(
            static self => ((LoopConnection)self!).CheckSilence(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (Interlocked.CompareExchange(ref _ending, timer, null) is not null) timer.Dispose();
        else timer.Change(SilenceAfterEnd, SilenceAfterEnd);
    }

    private void CheckSilence()
    {
        // Both, because each counts from its previous call.
        var (isRead, isSent) = (_input.HasProgressed(), _output.HasProgressed());
        if (Volatile.Read(ref _isClosed) == 0 && (isRead || isSent)) return;
        _ending?.Dispose();
        SignalClosed();
    }

    /// <summary>Handlers of the token run on the pool: they may take long and must not stall a loop.</summary>
    private void SignalClosed()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0) return;
        Volatile.Read(ref _ending)?.Dispose();
        ThreadPool.UnsafeQueueUserWorkItem(static self => self.CancelClosed(), this, preferLocal: false);
    }

    /// <summary>An exception that leaves a work item ends the process.</summary>
    private void CancelClosed()
    {
        try
        {
            _closed.Cancel();
        }
        catch (Exception defect)
        {
            BackgroundFailures.Report(defect);
        }
    }
}
