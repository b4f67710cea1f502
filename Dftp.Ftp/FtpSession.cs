using System.IO.Pipelines;
using System.Net;
using System.Security.Authentication;
using Dftp.Ftp.Commands;
using Dftp.Ftp.Control;
using Dftp.Ftp.Data;

namespace Dftp.Ftp;

/// <summary>
/// One control connection, from the greeting to the last reply. Commands are carried out one after the other and each gets its
/// reply in its turn; during a transfer the control connection is read ahead, so that ABOR works.
/// </summary>
internal sealed class FtpSession : IDisposable
{
    private readonly ControlChannel _control;
    private readonly PendingCommands _pending = new();
    private readonly Stack<IDisposable> _leftovers = new();
    private readonly SessionClock _clock;
    private readonly Lock _lock = new();

    /// <summary>Why the session has to end; null while it does not. Guarded by <see cref="_lock"/>.</summary>
    private string? _ending;

    /// <summary>Whether running transfers, too, have to end. Guarded by <see cref="_lock"/>.</summary>
    private bool _isShuttingDown;

    /// <summary>The transfer that runs. Guarded by <see cref="_lock"/>.</summary>
    private Transfer? _transfer;

    /// <summary>Serves the next transfer.</summary>
    private DataEndpoint? _dataEndpoint;

    /// <summary>Belongs to the command that runs and was not used by it, because it was refused.</summary>
    private DataEndpoint? _refusedEndpoint;

    /// <summary>Ends the data connection of the last refused transfer.</summary>
    private RefusedConnection? _refusedConnection;

    public FtpSession(FtpContext context, IDuplexPipe control, IPEndPoint local, IPEndPoint remote)
    {
        Context = context;
        Local = local;
        Remote = remote;
        _control = new ControlChannel(control);
        _clock = new SessionClock(context, EndIdle);
    }

    public FtpContext Context { get; }

    /// <summary>The address that the client reached.</summary>
    public IPEndPoint Local { get; }

    /// <summary>The client.</summary>
    public IPEndPoint Remote { get; }

    public ReplyWriter Writer => _control.Writer;

    /// <summary>Whether the control connection goes by TLS.</summary>
    public bool IsSecure => _control.IsSecure;

    /// <summary>Whether the next data connections go by TLS (RFC 4217: <c>PROT</c>). Never without <see cref="IsSecure"/>.</summary>
    public bool IsDataSecure { get; set; }

    /// <summary>Whether PBSZ was given, without which there is no PROT (RFC 2228, section 3).</summary>
    public bool HasProtectionBuffer { get; set; }

    public SessionState State { get; private set; } = new();

    /// <summary>Logins that failed in this session, however often it began anew.</summary>
    public int FailedLogins { get; set; }

    private string? Ending
    {
        get
        {
            lock (_lock) return _ending;
        }
    }

    /// <summary>
    /// 1. Greets; by implicit TLS that comes after its handshake.
    /// 2. Reads a command: what was read ahead during a transfer comes first.
    /// 3. Carries it out and replies, until the client leaves, a reply was the last one, or the session is told to end.
    /// </summary>
    /// <param name="isImplicitTls">Whether the client begins with TLS and protects data connections from the start.</param>
    public async Task RunAsync(bool isImplicitTls)
    {
        // 1
        if (isImplicitTls)
        {
            if (!await SecureAsync()) return;
            HasProtectionBuffer = true;
            IsDataSecure = true;
        }

        if (!await Writer.WriteAsync(new Reply(220, "dftp ready"))) return;

        while (true)
        {
            if (Ending is { } reason)
            {
                FtpLog.Closed(Context.Log, Remote, reason);
                await Writer.WriteAsync(new Reply(421, $"Closing the control connection: {reason}"));
                return;
            }

            // 2
            if (!_pending.TryTake(out var line)) line = await _control.Reader.ReadAsync();
            if (line.Kind == ControlLineKind.End) return;
            if (line.Kind == ControlLineKind.Interrupted) continue;

            // 3
            _clock.Touch(State.IsLoggedIn);
            var reply = await ReplyToAsync(line);
            var isHeard = await Writer.WriteAsync(reply);
            CloseLeftovers();
            EndRefusedConnection();
            if (!isHeard || reply.IsLast) return;
            if (reply.StartsTls && !await SecureAsync()) return;
            _clock.Touch(State.IsLoggedIn);
        }
    }

    /// <summary>Forgets everything, as after the greeting (RFC 959: REIN).</summary>
    public void Reinitialize()
    {
        State = new SessionState();
        DropDataEndpoint();
        _clock.StartLogin();
    }

    /// <summary>
    /// Forgets what came in the clear after the command that is carried out now: whoever stands between must not slip commands into the
    /// protected session. A client waits for 234 before it begins with TLS.
    /// </summary>
    public void DropUnread()
    {
        _pending.Clear();
        _control.Reader.DropUnread();
    }

    /// <summary>Replaces the endpoint of the next data connection; the old one is closed.</summary>
    public void SetDataEndpoint(DataEndpoint endpoint)
    {
        DropDataEndpoint();
        _dataEndpoint = endpoint;
    }

    /// <summary>Closes the endpoint of the next data connection, and what a refused transfer has left of its own.</summary>
    public void DropDataEndpoint()
    {
        TakeDataEndpoint()?.Dispose();
        _refusedConnection?.Dispose();
        _refusedConnection = null;
    }

    /// <summary>The endpoint for a data connection, now the caller's; null when no command has set one.</summary>
    public DataEndpoint? TakeDataEndpoint()
    {
        var endpoint = _dataEndpoint;
        _dataEndpoint = null;
        return endpoint;
    }

    /// <summary>Has something closed once the reply to the command that is carried out now is written, the last one given first.</summary>
    public void CloseAfterReply(IDisposable leftover) => _leftovers.Push(leftover);

    /// <summary>
    /// 1. Starts a transfer; the idle clock stops.
    /// 2. Watches the control connection while it runs: ABOR stops it, and so does the client's leaving.
    /// 3. Gives its outcome, usually a reply. The reply to ABOR follows when that command's turn comes: 426, then 226.
    /// </summary>
    /// <param name="run">Does the transfer.</param>
    public async ValueTask<T> TransferAsync<T>(Func<Transfer, Task<T>> run)
    {
        using var transfer = new Transfer(Context.Time, Context.Options.StallTimeout, Context.Metrics.Sent);
        SetTransfer(transfer);
        _clock.Pause();
        try
        {
            var running = run(transfer);
            return running.IsCompleted ? await running : await WatchedAsync(transfer, running);
        }
        finally
        {
            SetTransfer(null);
            _clock.Touch(State.IsLoggedIn);
        }
    }

    /// <summary>The node stops: an idle session ends at once, a running transfer gets some time. May be called from any thread.</summary>
    public void Shutdown()
    {
        const string reason = "this node shuts down";
        lock (_lock)
        {
            _ending ??= reason;
            _isShuttingDown = true;
            _transfer?.StopAfter(Context.Options.ShutdownGrace, reason);
        }

        Interrupt();
    }

    /// <summary>What STAT tells of a transfer that runs; null when none does.</summary>
    public Transfer? CurrentTransfer
    {
        get
        {
            lock (_lock) return _transfer;
        }
    }

    /// <summary>After the last reply.</summary>
    public async Task CloseAsync()
    {
        var ended = _refusedConnection?.Ended ?? Task.CompletedTask;
        DropDataEndpoint();
        await ended;
        await _control.CloseAsync(Context.Options.ClosingTimeout, Context.Time);
    }

    public void Dispose()
    {
        _clock.Dispose();
        CloseLeftovers();
        DropDataEndpoint();
        _control.Dispose();
    }

    /// <returns>False when there is nobody to talk to any more.</returns>
    private async Task<bool> SecureAsync()
    {
        using var limit = new CancellationTokenSource(Context.Options.HandshakeTimeout, Context.Time);
        try
        {
            await _control.SecureAsync(Context.Options.Tls!, limit.Token);
            return true;
        }
        catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException)
        {
            FtpLog.HandshakeFailed(Context.Log, Remote, limit.IsCancellationRequested ? "it took too long" : e.Message);
            return false;
        }
    }

    private async ValueTask<Reply> ReplyToAsync(ControlLine line)
    {
        switch (line.Kind)
        {
            case ControlLineKind.TooLong:
                return new Reply(500, "The line is too long");
            case ControlLineKind.NotText:
                return new Reply(501, "The line is not UTF-8 text");
        }

        var found = CommandTable.Find(line.Verb);
        Context.Metrics.CommandGiven(found?.Verb);
        if (found is not { } command)
        {
            return CommandTable.IsKnown(line.Verb)
                ? new Reply(502, $"{line.Verb} is not implemented")
                : new Reply(500, $"Unknown command {Shorten(line.Verb)}");
        }

        if (command.Access == Access.LoggedIn && !State.IsLoggedIn) return new Reply(530, "Log in with USER and PASS first");
        if (command.Argument == Argument.Needed && line.Argument.Length == 0)
        {
            return new Reply(501, $"Syntax: {command.Syntax}");
        }

        try
        {
            return await command.RunAsync(this, line.Argument);
        }
        catch (Exception e)
        {
            FtpLog.Defect(Context.Log, e, command.Verb, Remote);
            return new Reply(451, "An error in this node; its log says more");
        }
        finally
        {
            if (command.UsesDataConnection) _refusedEndpoint = TakeDataEndpoint();
        }
    }

    private async Task<T> WatchedAsync<T>(Transfer transfer, Task<T> running)
    {
        var watching = WatchAsync(transfer);
        try
        {
            return await running;
        }
        finally
        {
            transfer.IsFinished = true;
            _clock.Touch(State.IsLoggedIn);
            _control.Reader.Interrupt();
            await watching;
        }
    }

    /// <summary>
    /// Reads ahead until the transfer has finished. A lone STAT is answered at once (RFC 959: it "may be sent during a file
    /// transfer"), everything else waits for its turn. The end of the stream ends the transfer (RFC 959, section 3.2: the
    /// server MUST close the data connection when "the control connection is closed legally or otherwise") unless the client said
    /// QUIT, after which the transfer is to go on to its end. A client that sends more commands than can be kept loses its session: if they
    /// were left unread, neither ABOR nor the end of the stream behind them would be seen.
    /// </summary>
    private async Task WatchAsync(Transfer transfer)
    {
        if (_pending.Contains("ABOR")) transfer.Stop("ABOR");
        while (!transfer.IsFinished)
        {
            var line = await _control.Reader.ReadAsync();
            switch (line)
            {
                case { Kind: ControlLineKind.Interrupted }:
                    continue;
                case { Kind: ControlLineKind.End }:
                    if (!_pending.Contains("QUIT")) transfer.Stop("the client closed the control connection");
                    return;
                case { Verb: "STAT", Argument: "" } when _pending.IsEmpty && transfer is { IsAnnounced: true, IsFinished: false }:
                    await Writer.WriteAsync(Information.Status(this));
                    continue;
            }

            if (!_pending.TryAdd(line))
            {
                const string reason = "too many commands during a transfer";
                End(reason);
                transfer.Stop(reason);
                return;
            }

            if (line.Verb == "ABOR") transfer.Stop("ABOR");
        }
    }

    private void End(string reason)
    {
        lock (_lock) _ending ??= reason;
    }

    /// <summary>The clock has run out. It comes from a timer's thread, and a transfer that began just then counts for more.</summary>
    private void EndIdle(string reason)
    {
        lock (_lock)
        {
            if (_transfer is { IsFinished: false }) return;
            _ending ??= reason;
        }

        Interrupt();
    }

    private void Interrupt() => _control.Interrupt();

    private void SetTransfer(Transfer? transfer)
    {
        lock (_lock)
        {
            _transfer = transfer;
            if (_isShuttingDown) transfer?.StopAfter(Context.Options.ShutdownGrace, _ending!);
        }
    }

    /// <summary>
    /// A refused transfer uses up its data connection as a completed one does. It ends after the reply, because a client that is told of
    /// the refusal first does not take the connection's end for a failure. An active connection was never opened.
    /// </summary>
    private void EndRefusedConnection()
    {
        if (_refusedEndpoint is PassiveEndpoint passive)
        {
            var tls = IsDataSecure ? Context.Options.Tls : null;
            _refusedConnection = new RefusedConnection(passive, tls, Context.Options.ClosingTimeout, Context.Time);
        }

        _refusedEndpoint = null;
    }

    private void CloseLeftovers()
    {
        while (_leftovers.TryPop(out var leftover)) leftover.Dispose();
    }

    private static string Shorten(string verb) => verb.Length <= 20 ? verb : verb[..20] + "…";
}
