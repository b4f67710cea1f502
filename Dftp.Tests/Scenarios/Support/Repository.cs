namespace Dftp.Tests.Scenarios.Support;

public enum ProgramForm
{
    /// <summary>The output of <c>make</c>: native code if possible.</summary>
    Built,

    /// <summary>The output of <c>dotnet build</c>, compiled just in time.</summary>
    Managed,
}

/// <summary>The path of these tests' sources.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The program as users run it.</summary>
    /// <exception cref="AssertFailedException">It has not been built.</exception>
    public static string BuiltProgram
    {
        get
        {
            var program = Path.Combine(Root, "bin", "dftp");
            return File.Exists(program) ? program : throw new AssertFailedException($"{program} is missing: run make first");
        }
    }

    /// <summary>The command that runs a form of the program.</summary>
    public static IReadOnlyList<string> Command(ProgramForm form) =>
        form == ProgramForm.Built ? [BuiltProgram] : ["dotnet", typeof(Dftp.Node.NodeOptions).Assembly.Location];

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Dftp.sln"))) return directory.FullName;
        }

        throw new AssertFailedException($"no Dftp.sln above {AppContext.BaseDirectory}");
    }
}
