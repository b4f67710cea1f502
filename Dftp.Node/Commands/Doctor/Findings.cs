namespace Dftp.Node.Commands.Doctor;

/// <summary>The findings, one line each.</summary>
internal sealed class Findings
{
    private readonly List<(bool IsProblem, string Text)> _lines = [];

    public bool HasProblem => _lines.Exists(line => line.IsProblem);

    public void Ok(string text) => _lines.Add((false, text));

    /// <param name="text">What is wrong, and what to do about it.</param>
    public void Problem(string text) => _lines.Add((true, text));

    public async Task WriteAsync(TextWriter output)
    {
        foreach (var (isProblem, text) in _lines) await output.WriteAsync($"{(isProblem ? "problem" : "ok"),-9}{OneLine.Escape(text)}\n");
        await output.FlushAsync();
    }
}
