namespace Dftp.Ftp;

/// <summary>
/// Tells a session when it is over: some time to log in, then some time between two commands. It rests during a transfer: an
/// idle clock must not kill what runs.
/// </summary>
internal sealed class SessionClock : IDisposable
{
    private readonly FtpOptions _options;
    private readonly ITimer _timer;
    private readonly TimeProvider _time;
    private long _loginStarted;
    private volatile string _reason = "";

    /// <param name="context">Gives the times.</param>
    /// <param name="end">Called with the reason, from a timer's thread.</param>
    public SessionClock(FtpContext context, Action<string> end)
    {
        _options = context.Options;
        _time = context.Time;
        _timer = context.Time.CreateTimer(_ => end(_reason), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        StartLogin();
    }

    /// <summary>The client has to log in from now on.</summary>
    public void StartLogin()
    {
        _loginStarted = _time.GetTimestamp();
        Start("nobody logged in for too long", _options.LoginTimeout);
    }

    /// <summary>Something was done. Before the login that wins no time.</summary>
    public void Touch(bool isLoggedIn)
    {
        if (isLoggedIn)
        {
            Start("no command came for too long", _options.IdleTimeout);
            return;
        }

        var left = _options.LoginTimeout - _time.GetElapsedTime(_loginStarted);
        Start("nobody logged in for too long", left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }

    public void Pause() => _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public void Dispose() => _timer.Dispose();

    private void Start(string reason, TimeSpan timeout)
    {
        _reason = reason;
        _timer.Change(timeout, Timeout.InfiniteTimeSpan);
    }
}
