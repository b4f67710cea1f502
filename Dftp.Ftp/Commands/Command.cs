using Dftp.Ftp.Control;

namespace Dftp.Ftp.Commands;

internal enum Access
{
    /// <summary>Allowed before the login.</summary>
    Anyone,

    /// <summary>530 before the login.</summary>
    LoggedIn,
}

internal enum Argument
{
    /// <summary>Optional or ignored.</summary>
    Optional,

    /// <summary>501 without one.</summary>
    Needed,
}

/// <summary>A row of the <see cref="CommandTable"/>.</summary>
internal sealed class Command
{
    private readonly Func<FtpSession, string, ValueTask<Reply>> _run;

    /// <param name="syntax">The verb and its argument, as HELP shows them.</param>
    /// <param name="access">Who may use it.</param>
    /// <param name="argument">Whether the argument is required.</param>
    /// <param name="run">Runs it.</param>
    /// <param name="usesDataConnection">Whether the command uses up the data connection, even when refused.</param>
    public Command(
        string syntax, Access access, Argument argument, Func<FtpSession, string, ValueTask<Reply>> run, bool usesDataConnection = false)
    {
        Syntax = syntax;
        Verb = syntax.Split(' ')[0];
        Access = access;
        Argument = argument;
        UsesDataConnection = usesDataConnection;
        _run = run;
    }

    /// <inheritdoc cref="Command(string, Access, Argument, Func{FtpSession, string, ValueTask{Reply}}, bool)"/>
    public Command(string syntax, Access access, Argument argument, Func<FtpSession, string, Reply> run, bool usesDataConnection = false)
        : this(syntax, access, argument, (session, text) => new ValueTask<Reply>(run(session, text)), usesDataConnection)
    {
    }

    public string Verb { get; }

    public string Syntax { get; }

    public Access Access { get; }

    public Argument Argument { get; }

    public bool UsesDataConnection { get; }

    public ValueTask<Reply> RunAsync(FtpSession session, string argument) => _run(session, argument);
}
