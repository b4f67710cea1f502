using System.IO.Pipelines;
using System.Net;
using System.Security.Authentication;
using Dftp.FileSystem;
using Dftp.Ftp.Commands;
using Dftp.Ftp.Control;
using Dftp.Ftp.Data;

namespace Dftp.Ftp;

/// <summary>
/// One control connection, from the greeting to the last reply. Commands run one at a time and are answered in order. During a transfer
/// the session keeps reading, so that it sees ABOR.
/// </summary>
internal sealed class FtpSession : IDisposable
{
    private readonly ControlChannel _control;
    private readonly PendingCommands _pending = new();
    private readonly Stack<IDisposable> _closedAfterReply = new();
    private readonly SessionClock _clock;
    private readonly Lock _lock = new();

    /// <summary>Why the session must end; null while it may go on. Guarded by <see cref="_lock"/>.</summary>
    private string? _ending;

    /// <summary>Whether transfers must end, too. Guarded by <see cref="_lock"/>.</summary>
    private bool _isShuttingDown;

    /// <summary>The running transfer. Guarded by <see cref="_lock"/>.</summary>
    private Transfer? _transfer;

    /// <summary>The endpoint of the next transfer.</summary>
    private DataEndpoint? _dataEndpoint;

    /// <summary>The endpoint that the running command was refused without using.</summary>
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

    /// <summary>Whether the control connection uses TLS.</summary>
    public bool IsSecure => _control.IsSecure;

    /// <summary>Whether data connections use TLS (RFC 4217: <c>PROT P</c>). Implies <see cref="IsSecure"/>.</summary>
    public bool IsDataSecure { get; set; }

    /// <summary>Whether PBSZ was accepted, which PROT requires (RFC 2228, section 3).</summary>
    public bool HasProtectionBuffer { get; set; }

    public SessionState State { get; private set; } = new();

    /// <summary>The tree as the logged-in user sees it, for commands that need a login.</summary>
    public ITreeView Tree => State.Tree ?? throw new InvalidOperationException("no user is logged in");

    /// <summary>Failed logins of this session. REIN and AUTH do not reset the count.</summary>
    public int FailedLogins { get; set; }

    private string? Ending
    {
        get
        {
            lock (_lock) return _ending;
        }
    }

    /// <summary>
    /// 1. Greets the client, with implicit TLS after the handshake.
    /// 2. Reads a command. Those that were read during a transfer come first.
    /// 3. Runs it and replies. Ends when the client leaves, after a last reply, or when the session must end.
    /// </summary>
    /// <param name="isImplicitTls">Whether the session starts with a TLS handshake and protects data connections from the start.</param>
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
            var isDelivered = await Writer.WriteAsync(reply);
            CloseResources();
            EndRefusedConnection();
            if (!isDelivered || reply.IsLast) return;
            if (reply.StartsTls && !await SecureAsync()) return;
            _clock.Touch(State.IsLoggedIn);
        }
    }

    /// <summary>Resets the session to its state after the greeting (RFC 959: REIN).</summary>
    public void Reinitialize()
    {
        State = new SessionState();
        CloseDataEndpoint();
        _clock.StartLogin();
    }

    /// <summary>
    /// Discards the plaintext that followed the running command. Otherwise a man in the middle could inject commands into the protected
    /// session. A client waits for 234 before its TLS handshake, so it loses nothing.
    /// </summary>
    public void DiscardUnread()
    {
        _pending.Clear();
        _control.Reader.DiscardUnread();
    }

    /// <summary>Sets the endpoint of the next data connection and closes the previous one.</summary>
    public void SetDataEndpoint(DataEndpoint endpoint)
    {
        CloseDataEndpoint();
        _dataEndpoint = endpoint;
    }

    /// <summary>Closes the endpoint of the next data connection, and the data connection of the last refused transfer.</summary>
    public void CloseDataEndpoint()
    {
        TakeDataEndpoint()?.Dispose();
        _refusedConnection?.Dispose();
        _refusedConnection = null;
    }

    /// <summary>
    /// Hands the endpoint of the next data connection to the caller, who disposes of it; null when no command has set one.
    /// </summary>
    public DataEndpoint? TakeDataEndpoint()
    {
        var endpoint = _dataEndpoint;
        _dataEndpoint = null;
        return endpoint;
    }

    /// <summary>Disposes of a resource after the reply to the running command is written, in reverse order of the calls.</summary>
    public void CloseAfterReply(IDisposable resource) => _closedAfterReply.Push(resource);

    /// <summary>
    /// 1. Starts a transfer and stops the idle clock.
    /// 2. Watches the control connection meanwhile: ABOR stops the transfer, and so does the end of the connection.
    /// 3. Returns the outcome, usually a reply. ABOR gets its own reply in its turn: 426, then 226.
    /// </summary>
    /// <param name="run">Performs the transfer.</param>
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

    /// <summary>Ends the session because the node stops: at once when idle, after a grace period during a transfer. Thread-safe.</summary>
    public void Shutdown()
    {
        const string reason = "this node is shutting down";
        lock (_lock)
        {
            _ending ??= reason;
            _isShuttingDown = true;
            _transfer?.StopAfter(Context.Options.ShutdownGrace, reason);
        }

        Interrupt();
    }

    /// <summary>The running transfer, for STAT; null when there is none.</summary>
    public Transfer? CurrentTransfer
    {
        get
        {
            lock (_lock) return _transfer;
        }
    }

    /// <summary>Closes the data and control connections in order. Call it after the last reply.</summary>
    public async Task CloseAsync()
    {
        var ended = _refusedConnection?.Ended ?? Task.CompletedTask;
        CloseDataEndpoint();
        await ended;
        await _control.CloseAsync(Context.Options.ClosingTimeout, Context.Time);
    }

    public void Dispose()
    {
        _clock.Dispose();
        CloseResources();
        CloseDataEndpoint();
        _control.Dispose();
    }

    /// <returns>False when the handshake failed and the session must end.</returns>
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
            FtpLog.HandshakeFailed(Context.Log, Remote, limit.IsCancellationRequested ? "timeout" : e.Message);
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
        Context.Metrics.CommandReceived(found?.Verb);
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
            return new Reply(451, "Internal error; see the log of this node");
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
    /// Reads the control connection until the transfer has finished. A STAT without predecessors is answered at once (RFC 959: it "may be
    /// sent during a file transfer"); other commands are kept for later. The end of the stream ends the transfer (RFC 959, section 3.2: the
    /// server MUST close the data connection when "the control connection is closed legally or otherwise"), except after QUIT. A client
    /// that sends more commands than can be kept loses its session: if they were left unread, ABOR and the end of the stream behind them
    /// would stay unseen.
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

    /// <summary>Called on a timer's thread when the idle clock runs out. A transfer that has just started takes precedence.</summary>
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
    /// A refused transfer uses up its data connection, as a completed one does. The connection ends after the reply: a client that knows of
    /// the refusal does not take the end of the connection for a failure. An active connection was never opened.
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

    private void CloseResources()
    {
        while (_closedAfterReply.TryPop(out var resource)) resource.Dispose();
    }

    private static string Shorten(string verb) => verb.Length <= 20 ? verb : verb[..20] + "…";
}
