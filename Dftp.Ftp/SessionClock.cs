namespace Dftp.Ftp;

/// <summary>
/// Limits the time to log in and, after that, between two commands. It is paused during a transfer, so that it never ends a running one.
/// </summary>
internal sealed class SessionClock : IDisposable
{
    private readonly FtpOptions _options;
    private readonly ITimer _timer;
    private readonly TimeProvider _time;
    private long _loginStarted;
    private volatile string _reason = "";

    /// <param name="context">Holds the timeouts and the time.</param>
    /// <param name="end">Called with the reason, on a timer's thread.</param>
    public SessionClock(FtpContext context, Action<string> end)
    {
        _options = context.Options;
        _time = context.Time;
        _timer = context.Time.CreateTimer(_ => end(_reason), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        StartLogin();
    }

    /// <summary>Restarts the time to log in.</summary>
    public void StartLogin()
    {
        _loginStarted = _time.GetTimestamp();
        Start("login timeout", _options.LoginTimeout);
    }

    /// <summary>Restarts the idle time. Before the login it extends nothing.</summary>
    public void Touch(bool isLoggedIn)
    {
        if (isLoggedIn)
        {
            Start("idle timeout", _options.IdleTimeout);
            return;
        }

        var left = _options.LoginTimeout - _time.GetElapsedTime(_loginStarted);
        Start("login timeout", left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }

    public void Pause() => _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public void Dispose() => _timer.Dispose();

    private void Start(string reason, TimeSpan timeout)
    {
        _reason = reason;
        _timer.Change(timeout, Timeout.InfiniteTimeSpan);
    }
}
